import subprocess
import sys


def test_the_loaded_application_is_exempt_from_garbage_collection(environment):
    looked_through = (
        "import gc; from discussit.server.process import application; application(); print(len(gc.get_objects()))"
    )

    printed = subprocess.run([sys.executable, "-c", looked_through], check=True, capture_output=True).stdout

    assert int(printed) < 1_000
