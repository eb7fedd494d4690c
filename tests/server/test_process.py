import subprocess
import sys


def test_what_serve_loads_is_left_out_when_python_looks_for_garbage(environment):
    looked_through = (
        "import gc; from discussit.server.process import application; application(); print(len(gc.get_objects()))"
    )

    printed = subprocess.run([sys.executable, "-c", looked_through], check=True, capture_output=True).stdout

    assert int(printed) < 1_000
