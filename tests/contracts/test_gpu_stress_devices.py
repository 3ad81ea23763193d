"""The devices that `gpu-stress` lists, and drivers that are missing or crash."""

import json
import os
import re
from pathlib import Path

from contracts.gpu_process import Running
from contracts.gpu_runs import Both, Subject, one_error
from helpers import need


def test_a_machine_without_any_driver(tested: Subject, tmp_path: Path) -> None:
    """`list` has the CPU alone, and whatever needs a GPU says that there is none."""
    env = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(tmp_path / "none.json"))
    ran = tested.run("list", env=env)
    assert (ran.status, ran.stderr) == (0, "")
    assert "llvmpipe" not in ran.stdout
    assert re.search(r"^-\s.*\bcpu\b", ran.stdout, re.MULTILINE)
    for words in (["gpu"], ["tgpu", "--allow-software"], ["selftest", "gpu"]):
        assert one_error(tested.run(*words, env=env), 3).startswith("error: no GPU found: ")


CRASHING = "#include <stdlib.h>\nvoid *vk_icdGetInstanceProcAddr(void *i, char *n) { abort(); }\n"


def test_a_driver_that_crashes_is_reported(tested: Subject, tmp_path: Path) -> None:
    """`list` shows what there is all the same, and all that needs a GPU says what happened."""
    (tmp_path / "icd.c").write_text(CRASHING, "utf-8")
    words = [need("cc"), "-w", "-shared", "-fPIC", "-o", "icd.so", "icd.c"]
    assert Running(words, tmp_path, {}).finish().status == 0
    icd = {"library_path": str(tmp_path / "icd.so"), "api_version": "1.1.0"}
    described = tmp_path / "icd.json"
    described.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": icd}), "utf-8")
    env = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(described))
    ran = tested.run("list", env=env)
    assert ran.status == 3, (ran.status, ran.stderr)
    assert re.fullmatch(r"error: .+\n", ran.stderr)
    assert re.search(r"^-\s.*\bcpu\b", ran.stdout, re.MULTILINE)
    for command in ("gpu", "tgpu", "selftest gpu"):
        one_error(tested.run(*command.split(), "--allow-software", env=env), 3)


def test_the_list_of_devices(both: Both) -> None:
    """Text and JSON, equal between the languages."""
    found = {}
    for language, tested in both.items():
        ran = tested.run("list", "--json", "-")
        listed = json.loads(ran.stdout)
        assert (ran.status, ran.stderr) == (0, "")
        gpu, cpu = listed["devices"]
        assert (gpu["index"], gpu["kind"], gpu["backend"]) == (0, "software", "vulkan")
        assert (cpu["index"], cpu["kind"], cpu["backend"]) == (None, "cpu", "cpu")
        assert gpu["precisions"] == ["f32", "f16", "f64"]
        assert cpu["precisions"] == ["f32", "f64"]
        assert set(listed) == {"version", "program", "host", "devices"}
        text = tested.run("list").stdout
        line = rf"^0\s+{re.escape(gpu['name'])}\s+software\s+vulkan\s"
        assert re.search(line, text, re.MULTILINE)
        assert gpu["driver"].startswith("llvmpipe Mesa ")
        uname = os.uname()
        assert listed["host"]["system"] == f"{uname.sysname} {uname.release}"
        found[language] = (listed["devices"], listed["host"])
        with (tested.folder / "list.json").open("wb") as file:
            assert tested.run("list", "--json", file.name).stdout.split() == text.split()
        written = json.loads(Path(file.name).read_text("utf-8"))
        assert [each["uuid"] for each in written["devices"]] == [None, None]
    assert found["python"] == found["rust"]
