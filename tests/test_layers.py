import ast
from pathlib import Path

import pytest

import discussit

PACKAGE = Path(discussit.__file__).parent
# A module imports from modules above it only. Those of one line don't know each other.
ORDER = [
    ["discussit"],
    ["discussit.settings", "discussit.wire", "discussit.addresses", "discussit.user_agents", "discussit.main_tasks"],
    ["discussit.assets", "discussit.slices"],
    ["discussit.models.base"],
    ["discussit.models.accounts"],
    ["discussit.models.groups"],
    ["discussit.models.entries"],
    ["discussit.models.hooks"],
    ["discussit.models"],
    ["discussit.database", "discussit.passwords", "discussit.bus.backends", "discussit.readers"],
    ["discussit.bus.redis", "discussit.bus.postgres"],
    ["discussit.bus.bus"],
    ["discussit.bus"],
    ["discussit.log", "discussit.room", "discussit.voice"],
    ["discussit.hub"],
    ["discussit.auth"],
    ["discussit.sessions", "discussit.renewals", "discussit.devices", "discussit.security"],
    ["discussit.throttles"],
    ["discussit.guard"],
    ["discussit.heads"],
    ["discussit.pages", "discussit.pages.page"],
    ["discussit.pages.home", "discussit.pages.accounts"],
    ["discussit.pages.group", "discussit.pages.sessions", "discussit.pages.passwords"],
    ["discussit.chat"],
    ["discussit.admin.view"],
    ["discussit.admin.references"],
    ["discussit.admin.users", "discussit.admin.groups", "discussit.admin.entries"],
    ["discussit.admin.site"],
    ["discussit.admin"],
    ["discussit.cli"],
    ["discussit.app", "discussit.__main__"],
    ["discussit.serving"],
]
PLACE = {name: place for place, names in enumerate(ORDER) for name in names}


@pytest.mark.parametrize("module", sorted(PLACE))
def test_a_module_imports_from_those_above_it_only(module):
    assert not [each for each in imported(module) if PLACE[each] >= PLACE[module]]


def test_every_module_has_its_place():
    names = [name_of(path) for path in PACKAGE.rglob("*.py") if "_data" not in path.parts]
    assert sorted(names) == sorted(PLACE)


def test_only_the_bus_knows_broadcaster():
    assert [name for name in PLACE if "broadcaster" in all_imports(name)] == [
        "discussit.bus.backends",
        "discussit.bus.bus",
    ]


def imported(module):
    """The modules of ours that a module needs when it is imported: not those that it imports in a function."""
    return {each for each in all_imports(module) if each in PLACE} - {"discussit", module}


def all_imports(module):
    path = PACKAGE.parent.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return {name for node in at_import(ast.parse(source.read_text())) for name in names(node)}


def at_import(tree):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
            yield from at_import(node)


def names(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    # `from discussit import wire` names a module, `from discussit.wire import encode` names what is in one.
    modules = [f"{node.module}.{alias.name}" for alias in node.names]
    return [each if each in PLACE else node.module for each in modules]


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
