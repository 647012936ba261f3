# SPDX-License-Identifier: MIT
"""Public WDM samples and their test programs, unmodified: microsoft/Windows-driver-samples, whose
place the Meson option public_samples tells (`meson configure BUILD -Dpublic_samples=PATH`). Where
it is unset these tests are skipped. Expected behaviour: what each sample's README.md describes."""

import json
import pathlib
import time

import paths
from harness import skip, test


def samples() -> pathlib.Path:
    options = json.loads((paths.BUILD / "meson-info" / "intro-buildoptions.json").read_text())
    place = next(each["value"] for each in options if each["name"] == "public_samples")
    if not place:
        skip("the Meson option public_samples is unset")
    return pathlib.Path(place)


def package(system, driver: str, program: str, *options: str) -> pathlib.Path:
    """Both of a sample, built by the developer's own command."""
    folder = samples() / "general"
    return system.package(system.build("driver", folder / driver, *options),
                          system.build("app", folder / program))


@test(harts=(1, 4))
def public_ioctl(system):
    "general/ioctl: all four transfer methods, each with the driver's answer."
    parts = ("ioctl/wdm/sys", "ioctl/wdm/exe")
    # Without debug output of the driver, which would run into the lines of the program.
    status, text = system.exec("ioctlapp; driver list", package=package(system, *parts, "--free"))
    answer = "OutBuffer (38): This String is from Device Driver !!!"
    system.check(text.count(answer) == 3, "BUFFERED, NEITHER and OUT_DIRECT bring the answer", text)
    system.check("transfered from OutBuffer: 100" in text, "IN_DIRECT counts its buffer", text)
    rows = [line.split() for line in text.splitlines() if "drivers/sioctl/" in line]
    system.check(bool(rows) and rows[0][2] == "unloaded", "the program unloaded the driver", text)
    status, text = system.exec("ioctlapp", package=package(system, *parts))
    for method in ("BUFFERED", "NEITHER", "IN_DIRECT", "OUT_DIRECT"):
        system.check(f"using METHOD_{method}" in text, f"the driver sees {method}", text)


def signals(system, program: str, words: str, count: int) -> None:
    """Runs the event program until it has been told `count` times, then presses a key."""
    guest = system.boot(package=package(system, "event/wdm", "event/exe"))
    begin = time.monotonic()
    guest.send(program + "\r")
    for _ in range(count):
        guest.expect(words, 20)
    seconds = time.monotonic() - begin
    system.check(seconds >= 0.2 * count * 0.9, f"{count} delays of 0.2 s took {seconds:.2f} s")
    guest.send("x")
    guest.prompt(20)
    system.check("is not loaded" in guest.run("driver unload event"), "the program unloaded it")


@test(harts=(1, 4))
def public_event_irp(system):
    "general/event, pending requests: each completes after the delay."
    signals(system, "event 0.2 0", r"Event occurred\.", 4)


@test(harts=(1, 4))
def public_event_object(system):
    "general/event, an event object of the program that the driver's timer signals."
    signals(system, "event 0.2 1", r"Event signalled\.", 4)


def nothing_is_left(system, guest, driver: str) -> None:
    """The request that its thread was busy with ends when it has been tried often enough."""
    deadline = time.monotonic() + 20
    while (text := guest.run("irps")) and f"\n{driver} " in "\n" + text:
        system.check(time.monotonic() < deadline, f"{driver} has answered everything", text)
        time.sleep(0.5)


@test(harts=(1, 4))
def public_cancel(system):
    "general/cancel: readers in a loop; q ends them, another key cancels what is pending."
    guest = system.boot(package=package(system, "cancel/sys", "cancel/exe"))
    guest.send("canclapp 4\r")
    for _ in range(3):
        guest.expect(r"Thread \d+ read: 4 bytes", 30)
    guest.send("q\r")
    guest.expect(r"(?:Exiting thread \d+[\s\S]*){4}", 30)
    guest.prompt(30)
    guest.send("canclapp 3\r")
    guest.expect("Number of threads : 3", 20)
    guest.expect(r"Thread \d+ read: 4 bytes", 30)
    guest.send("x\r")
    guest.expect("IRP_MJ_CLOSE", 30)  # the driver's last word comes behind the shell's prompt
    time.sleep(0.5)
    guest.send("\r")
    guest.prompt(30)
    nothing_is_left(system, guest, "cancel")
    system.check("PANIC" not in guest.log() and "crash" not in guest.log(), "nothing crashed")


@test(harts=(1,))
def public_cancel_startio(system):
    "general/cancel/startio serves the same test program."
    folder = samples() / "general" / "cancel"
    both = system.package(system.build("driver", folder / "startio"),
                          system.build("app", folder / "exe"))
    guest = system.boot(package=both)
    guest.send("canclapp 2\r")
    guest.expect(r"Thread \d+ read: 4 bytes", 30)
    guest.send("q\r")
    guest.prompt(30)
    system.check("is not loaded" in guest.run("driver unload cancel"), "the program unloaded it")
