"""Drivers of Vulkan that refuse, fail, hang, or have another device than `llvmpipe`."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.gpu_process import Running
from contracts.gpu_runs import GPU, LITTLE, PROMPT, Subject, one_error, stopped
from contracts.gpu_vulkan import Vulkan
from helpers import eventually

FMA = ("--kernel", "fma", "--duration")


def at_work(tested: Subject, vulkan: Vulkan, *words: str) -> Running:
    """Start a run, and wait until it has shown how fast it is."""
    running = tested.start(*words, "--json", "report.json", env=vulkan.env, columns=200)
    running.wait_until(lambda: "FLOP/s" in running.text("stderr"))
    return running


def test_a_driver_that_talks_is_not_heard(tested: Subject, vulkan: Vulkan) -> None:
    """What it says to standard error is not what the program says."""
    vulkan.say("loud yes")
    ran = tested.run("gpu", *GPU, *FMA, "0.3s", "--quiet", env=vulkan.env)
    assert (ran.status, ran.stderr) == (0, "")


@pytest.mark.parametrize("command", ["gpu", "tgpu", "selftest gpu"])
def test_a_driver_that_refuses_its_device(tested: Subject, vulkan: Vulkan, command: str) -> None:
    """No run comes of it."""
    vulkan.say("vkCreateDevice -3")
    words = (*command.split(), "--allow-software", "--json", "report.json")
    one_error(tested.run(*words, env=vulkan.env), 3)


def test_a_device_that_its_driver_loses(tested: Subject, vulkan: Vulkan) -> None:
    """What was verified before is in the report."""
    running = at_work(tested, vulkan, "gpu", *GPU, *FMA, "60s")
    vulkan.say("vkQueueSubmit -4")
    ran = running.finish(30)
    assert (ran.status, ran.report["verdict"]["status"]) == (1, "fault")
    assert re.search(r"lost after \d+\.\d s: ", ran.reasons), ran.reasons
    assert ran.device["kernels"][0]["operations"] > 0


def test_an_interrupt_while_the_driver_hangs(tested: Subject, vulkan: Vulkan) -> None:
    """It is left behind, and the report has what was verified before."""
    running = at_work(tested, vulkan, "gpu", *GPU, *FMA, "60s")
    vulkan.say("vkQueueSubmit hang")
    time.sleep(0.3)  # it does so in the next batch
    ran = stopped(running, signal.SIGTERM)
    assert ran.device["kernels"][0]["operations"] > 0


def test_an_interrupt_of_a_self_test_while_the_driver_hangs(
    tested: Subject, vulkan: Vulkan
) -> None:
    """It has a report too."""
    words = ("selftest", "gpu", "--allow-software", "--rounds", "100000", "--json", "report.json")
    running = tested.start(*words, env=vulkan.env)
    running.wait_until(lambda: running.cpu_seconds() > 2)
    vulkan.say("vkQueueSubmit hang")
    time.sleep(0.3)
    stopped(running, signal.SIGINT)


@pytest.mark.parametrize("command", ["list", "gpu"])
def test_an_interrupt_while_devices_are_looked_for(
    tested: Subject, vulkan: Vulkan, command: str
) -> None:
    """Nothing of the program goes on where the driver hangs."""
    vulkan.say("vkEnumeratePhysicalDevices hang")
    running = tested.start(command, env=vulkan.env)
    running.wait_until(lambda: len(users(vulkan.script)) > 0 and running.cpu_seconds() > 0.05)
    time.sleep(0.5)
    before = time.monotonic()
    running.send(signal.SIGTERM)
    ran = running.finish(20)
    assert (ran.status, time.monotonic() - before < PROMPT) == (143, True)
    eventually(lambda: not users(vulkan.script))


def users(script: Path) -> list[int]:
    """Return the processes that have a script of the driver in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes()
        except OSError:  # it has just ended, or is another user's
            continue
        if os.fsencode(f"FAKE_VULKAN={script}") in variables:
            found.append(int(path.parent.name))
    return found


DISCRETE = ("type 2", "vendor 0x10de", "name NVIDIA Fake 1")


def test_a_gpu_is_taken_without_leave(
    tested: Subject, vulkan: Vulkan, sensing: Callable[..., dict[str, str]]
) -> None:
    """Its sensors are those of the one device of its maker's library that has its name."""
    vulkan.say(*DISCRETE)
    words = ("gpu", *LITTLE, *FMA, "1.2s", "--json", "report.json")
    ran = tested.run(*words, env=sensing() | vulkan.env)
    assert ran.status == 0, ran.reasons
    device = ran.device
    assert (device["kind"], device["name"]) == ("discrete", "NVIDIA Fake 1")
    assert (device["sensors"]["source"], device["sensors"]["max_temperature_c"]) == ("nvml", 87)
    assert {sample["temperature_c"] for sample in ran.samples} == {41}
    assert (device["memory_bytes"], device["notes"]) == (24 << 30, [])
    assert device["allocated_bytes"] <= 0.003 * (21 << 30)


def test_one_of_two_gpus_of_a_name_has_no_sensors(
    tested: Subject, vulkan: Vulkan, sensing: Callable[..., dict[str, str]]
) -> None:
    """Which of them would be a guess; that its memory is one too is printed."""
    vulkan.say(*DISCRETE)
    env = sensing(**{"count": "2", "1.uuid": "GPU-1", "1.pci": "0:66:0"}) | vulkan.env
    ran = tested.run("gpu", "--memory-fraction", "0.05", *FMA, "0.3s", "--json", "-", env=env)
    (device,) = json.loads(ran.stdout)["devices"]
    assert (ran.status, device["sensors"]["source"]) == (0, None)
    assert "temperature_c" in device["sensors"]["reasons"]
    assert any("1 GiB" in note for note in device["notes"])
    ran = tested.run("gpu", "--memory-fraction", "0.05", *FMA, "0.3s", env=env)
    assert re.search(r"^note: .*1 GiB", ran.stdout, re.MULTILINE)
