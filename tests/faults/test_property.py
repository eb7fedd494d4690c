"""Whatever people do, in whatever order: each reader has the log, and the log is a plain list of what they did."""

import pytest
from group_histories import Groups
from histories import MortalPeople, People, RemoteReader
from hypothesis.stateful import run_state_machine_as_test
from intents import NAMES, examples
from people import HttpPerson
from servers import FaultyServer
from shared_memory import SharedMemory
from starlette.testclient import TestClient

from discussit.app import create_app
from discussit.bus import bus
from discussit.delivery import polling
from discussit.log import marks
from discussit.settings import Settings


@pytest.fixture
def hasty(environment):
    """Whatever waits for others waits a moment, and nobody is limited."""
    environment.setenv("MESSAGE_RATE", "0")
    environment.setattr(polling, "POLL", 0.1)
    environment.setattr(marks, "PAUSE", 0)


@pytest.fixture
def site_elsewhere(hasty, environment, request):
    """Another process than `site`, on the same database and bus."""
    engine = SharedMemory()
    environment.setattr(bus, "new_backend", lambda _settings: SharedMemory(engine))
    site = request.getfixturevalue("site")
    app = create_app(Settings.from_environment())
    with site.portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        elsewhere = TestClient(app)
        elsewhere.portal = site.portal
        yield elsewhere


def test_every_reader_has_the_log_whatever_people_did(site_elsewhere, site, alice, bob):
    people = {("alice", 0): alice, ("bob", 0): bob, ("carol", 0): HttpPerson(site, "carol")}
    people["carol", 0].sign_up()
    for name in NAMES:
        people[name, 1] = HttpPerson(site_elsewhere, name)
        people[name, 1].browser.cookies = people[name, 0].browser.cookies

    run_state_machine_as_test(lambda: People(people), settings=examples(10, stateful_step_count=30))


def test_whatever_people_do_with_their_groups_they_have_the_rights_and_the_log_that_the_rules_say(
    site_elsewhere, site, state, alice
):
    def read(work):
        return site.portal.call(state.database.run_read, work)

    machine = examples(8, stateful_step_count=80)
    run_state_machine_as_test(lambda: Groups((site, site_elsewhere), alice, read), settings=machine)


@pytest.fixture
def servers_on_a_file(tmp_path, redis):
    servers = [FaultyServer(tmp_path, "hasty_marks", BROADCAST_URL=redis.bus_url) for _ in range(2)]
    yield [server.start() for server in servers]
    for server in servers:
        server.end()


@pytest.fixture
def servers_on_postgresql(share, redis):
    return share(redis.bus_url, "hasty_marks").servers


@pytest.mark.parametrize("engine", ["servers_on_a_file", "servers_on_postgresql"])
def test_every_reader_has_the_log_of_servers_that_are_killed(engine, request):
    servers, people = request.getfixturevalue(engine), {}
    for name in NAMES:
        people[name, 0] = RemoteReader(servers[0], name)
        people[name, 0].sign_up()
        people[name, 0].log_in()
        people[name, 1] = RemoteReader(servers[1], name)
        people[name, 1].browser.cookies = people[name, 0].browser.cookies

    machine = examples(2, stateful_step_count=20)
    run_state_machine_as_test(lambda: MortalPeople(people, servers), settings=machine)
