import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from discussit.environment import StartError
from discussit.settings import ALEMBIC_INI, STATIC, TEMPLATES, Settings, SettingsError

SQLITE = "sqlite+aiosqlite:///discussit.db"


def test_nothing_has_to_be_set_on_one_machine(environment):
    settings = Settings.from_environment()

    assert settings.database_url == SQLITE
    assert settings.broadcast_url == "memory://"
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]", "testserver")
    assert (settings.signup, settings.message_rate, settings.debug) == ("open", 20, False)


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("DATABASE_URL", "sqlite:///a.db", "database_url", "sqlite+aiosqlite:///a.db"),
        ("DATABASE_URL", "sqlite:////tmp/a.db", "database_url", "sqlite+aiosqlite:////tmp/a.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///a.db", "database_url", "sqlite+aiosqlite:///a.db"),
        ("BROADCAST_URL", "redis://:secret@host:6379/1", "broadcast_url", "redis://:secret@host:6379/1"),
        ("BROADCAST_URL", "rediss://host", "broadcast_url", "rediss://host"),
        ("BROADCAST_URL", "postgresql://host/name", "broadcast_url", "postgresql://host/name"),
        ("SECRET_KEY", "a secret", "secret_key", "a secret"),
        ("ALLOWED_HOSTS", "Chat.Example.org, *.example.com", "allowed_hosts", ("chat.example.org", "*.example.com")),
        ("ALLOWED_HOSTS", "[::1],10.0.0.1,", "allowed_hosts", ("[::1]", "10.0.0.1")),
        ("ALLOWED_HOSTS", "*", "allowed_hosts", ("*",)),
        ("ALLOWED_HOSTS", "a.example., *.B.example.,[0::1]", "allowed_hosts", ("a.example", "*.b.example", "[::1]")),
        ("TRUSTED_ORIGINS", "", "trusted_origins", ()),
        (
            "TRUSTED_ORIGINS",
            "https://Chat.example.org/ , http://[0::1]:8000,",
            "trusted_origins",
            (("https", "chat.example.org", 443), ("http", "[::1]", 8000)),
        ),
        ("SIGNUP", "closed", "signup", "closed"),
        ("SIGNUP", "invited", "signup", "invited"),
        ("GROUP_CREATION", "Closed_only", "group_creation", "closed_only"),
        ("GROUP_CREATION", "", "group_creation", None),
        ("SIGNUP", "Open", "signup", "open"),
        ("SIGNUP", " closed\r", "signup", "closed"),
        ("MESSAGE_RATE", " 7 ", "message_rate", 7),
        ("BROADCAST_URL", "redis://host/1 ", "broadcast_url", "redis://host/1"),
        ("SECRET_KEY", " a secret\n", "secret_key", "a secret"),
        ("FORWARDED_ALLOW_IPS", " * ", "forwarded_allow_ips", "*"),
        ("MESSAGE_RATE", "0", "message_rate", 0),
        ("MESSAGE_RATE", "007", "message_rate", 7),
        ("FORWARDED_ALLOW_IPS", "*", "forwarded_allow_ips", "*"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.10, fd00::/8", "forwarded_allow_ips", "10.0.0.10, fd00::/8"),
        ("SOCKETS_PER_SESSION", "0", "sockets_per_session", 0),
        ("SOCKETS_PER_ADDRESS", "1000", "sockets_per_address", 1000),
        ("DEBUG", "true", "debug", True),
        ("DEBUG", "1", "debug", True),
        ("DEBUG", "No", "debug", False),
    ],
)
def test_a_value_is_read_from_the_environment(environment, name, value, attribute, expected):
    environment.setenv(name, value)

    assert getattr(Settings.from_environment(), attribute) == expected


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_postgresql_gets_its_asynchronous_driver(environment, scheme):
    environment.setenv("DATABASE_URL", f"{scheme}://bob:secret@host/name")
    environment.setenv("SECRET_KEY", "a secret")

    settings = Settings.from_environment()

    assert settings.database_url == "postgresql+asyncpg://bob:secret@host/name"
    assert not settings.uses_sqlite


REFUSED = [
    ("DATABASE_URL", "", "an SQLAlchemy URL"),
    ("DATABASE_URL", "nonsense", "an SQLAlchemy URL"),
    ("DATABASE_URL", "mysql://host/name", "an SQLAlchemy URL"),
    ("DATABASE_URL", "sqlite+pysqlite:///a.db", "an SQLAlchemy URL"),
    ("DATABASE_URL", "postgresql+psycopg://host/name", "an SQLAlchemy URL"),
    ("DATABASE_URL", "postgresql://host:port/name", "an SQLAlchemy URL"),
    ("DATABASE_URL", "sqlite://", "SQLite must be given a file"),
    ("DATABASE_URL", "sqlite:///:memory:", "SQLite must be given a file"),
    ("DATABASE_URL", "sqlite+aiosqlite:////nowhere/a.db", "there is no folder /nowhere"),
    ("BROADCAST_URL", "", "memory://, redis://, rediss://, unix://, postgresql://"),
    ("BROADCAST_URL", "amqp://host", "memory://, redis://, rediss://, unix://, postgresql://"),
    ("BROADCAST_URL", "redis", "memory://, redis://, rediss://, unix://, postgresql://"),
    ("BROADCAST_URL", "redis://[::1", "memory://, redis://, rediss://, unix://, postgresql://"),
    ("ALLOWED_HOSTS", "", "host names without ports"),
    ("ALLOWED_HOSTS", " , ", "host names without ports"),
    ("ALLOWED_HOSTS", "localhost:8000", "host names without ports"),
    ("ALLOWED_HOSTS", "http://localhost", "host names without ports"),
    ("ALLOWED_HOSTS", "a b", "host names without ports"),
    ("ALLOWED_HOSTS", "*example.org", "host names without ports"),
    ("ALLOWED_HOSTS", "chat.*", "host names without ports"),
    ("ALLOWED_HOSTS", "localhost\nevil", "host names without ports"),
    ("ALLOWED_HOSTS", "localhost:", "host names without ports"),
    ("ALLOWED_HOSTS", "*.[::1]", "host names without ports"),
    *(
        ("TRUSTED_ORIGINS", value, "origins such as https://chat.example.org")
        for value in (
            *("null", "*", "https://*.example.org", "chat.example.org", "//chat.example.org", "wss://chat.example.org"),
            *("https://", "https://chat.example.org/chat", "https://chat.example.org//", "https://chat.example.org?"),
            *("https://a.example:99999", "https://a.example:http", "https://münchen.example", "https://[::g]"),
            *("https://bob@a.example", "https://a.example;http://b.example", "https://a.example,null"),
        )
    ),
    ("SIGNUP", "maybe", "open, invited, closed"),
    ("SIGNUP", "", "open, invited, closed"),
    ("MESSAGE_RATE", "-1", "a whole number"),
    ("SOCKETS_PER_SESSION", "-1", "a whole number"),
    ("SOCKETS_PER_ADDRESS", "", "a whole number"),
    ("MESSAGE_RATE", "1.5", "a whole number"),
    ("MESSAGE_RATE", "many", "a whole number"),
    ("MESSAGE_RATE", "٣", "a whole number"),
    ("MESSAGE_RATE", "9" * 5000, "a whole number"),
    ("FORWARDED_ALLOW_IPS", "", "addresses or networks"),
    ("FORWARDED_ALLOW_IPS", "proxy.internal", "addresses or networks"),
    ("FORWARDED_ALLOW_IPS", "10.0.0.10,*", "addresses or networks"),
    ("FORWARDED_ALLOW_IPS", "10.0.0.1/24", "addresses or networks"),
    ("DEBUG", "maybe", "true, 1, yes, on, false, 0, no, off"),
]


@pytest.mark.parametrize(
    ("name", "value", "allowed"), REFUSED, ids=[f"{name}={value:.30}" for name, value, _ in REFUSED]
)
def test_a_value_that_cannot_be_understood_is_refused_in_one_line(environment, name, value, allowed):
    environment.setenv(name, value)

    with pytest.raises(SettingsError) as refused:
        Settings.from_environment()

    text = str(refused.value)
    assert text.startswith(f"{name}={value!r}")
    assert allowed in text
    assert "\n" not in text


SECRETS = [
    "mysql://bob:secret@host/name",
    "mysql://bob:se/secret@host/name",
    "mysql://bob:se@secret@host/name",
    "mysql://bob:se?secret@host/name",
    "mysql://:secret@host",
    "mysql://host/name?user=bob&password=secret",
    "mysql://host/name?sslpassword=secret&x=y",
    "bob:secret@host",
    "postgresql://bob:secret@host:port/name",
    "postgresql://bob:\nsecret@host:port/name",
]


@pytest.mark.parametrize("name", ["DATABASE_URL", "BROADCAST_URL", "TRUSTED_ORIGINS"])
@pytest.mark.parametrize("value", SECRETS)
def test_a_refusal_shows_no_password(environment, name, value):
    environment.setenv(name, value.replace("postgresql", "mysql") if name == "BROADCAST_URL" else value)

    with pytest.raises(SettingsError) as refused:
        Settings.from_environment()

    assert "secret" not in str(refused.value)
    assert "***" in str(refused.value)


# The secret key


def test_with_sqlite_a_secret_key_is_created_once_and_kept(environment):
    first, second = Settings.from_environment().secret_key, Settings.from_environment().secret_key

    assert first == second
    assert len(first) == 64


def test_the_kept_key_can_be_read_by_its_owner_only(environment, tmp_path):
    Settings.from_environment()

    (file,) = tmp_path.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("discussit.secret", 0o600)


def test_the_key_is_kept_beside_its_database(environment, tmp_path):
    (tmp_path / "data").mkdir()
    environment.setenv("DATABASE_URL", "sqlite:///data/chat.db")

    key = Settings.from_environment().secret_key

    assert (tmp_path / "data" / "chat.secret").read_text() == key


def test_each_server_creates_a_key_of_its_own(environment, tmp_path):
    key = Settings.from_environment().secret_key
    environment.setenv("DATABASE_URL", "sqlite:///another.db")

    assert Settings.from_environment().secret_key != key


def test_processes_that_start_at_the_same_time_make_one_key(environment, tmp_path):
    with ThreadPoolExecutor(8) as at_once:
        keys = set(at_once.map(lambda _: Settings.from_environment().secret_key, range(32)))

    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["discussit.secret"]


def test_a_given_key_is_used_and_none_is_created(environment, tmp_path):
    environment.setenv("SECRET_KEY", "a secret")

    assert Settings.from_environment().secret_key == "a secret"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_key_signs_nothing(environment, content):
    Path("discussit.secret").write_text(content)

    with pytest.raises(StartError, match=r"/discussit.secret is empty; remove it to create a new key"):
        Settings.from_environment()


def test_a_key_that_cannot_be_read_is_refused(environment):
    Path("discussit.secret").mkdir()

    with pytest.raises(StartError, match=r"/discussit.secret can't be used \(Is a directory\)"):
        Settings.from_environment()


def test_with_another_database_the_key_must_be_set_and_the_error_says_how(environment):
    environment.setenv("DATABASE_URL", "postgresql://bob@host/name")

    with pytest.raises(StartError, match=r"SECRET_KEY is not set: .*python3 -c .*secrets\.token_hex"):
        Settings.from_environment()


# The file .env: test_environment.py


def test_values_are_read_from_a_file_in_the_working_directory(environment):
    Path(".env").write_text("# ours\nSIGNUP=closed\nMESSAGE_RATE = '7'\n\nSECRET_KEY=\"a secret\"\n")

    settings = Settings.from_environment()

    assert (settings.signup, settings.message_rate, settings.secret_key) == ("closed", 7, "a secret")


def test_the_process_environment_outweighs_the_file(environment):
    Path(".env").write_text("MESSAGE_RATE=7\n")
    environment.setenv("MESSAGE_RATE", "8")

    assert Settings.from_environment().message_rate == 8


def test_a_wrong_value_in_the_file_is_refused_in_the_same_way(environment):
    Path(".env").write_text("MESSAGE_RATE=many\n")

    with pytest.raises(SettingsError, match=r"MESSAGE_RATE='many'"):
        Settings.from_environment()


def test_the_files_that_the_program_needs_are_found():
    assert (TEMPLATES / "base.html").is_file()
    assert (STATIC / "css").is_dir()
    assert ALEMBIC_INI.is_file()
