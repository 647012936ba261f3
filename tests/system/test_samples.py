# SPDX-License-Identifier: MIT
"""The sample drivers of drivers/samples/ in a running system."""

from harness import test


@test(harts=(1, 4))
def samples_load(system):
    "Each sample that needs no hardware is loaded by name, and its device stands in the namespace."
    status, text = system.exec("driver load ioctl; driver load csq; drivers")
    system.check(status == 0, "both are loaded", text)
    for name in ("ioctl", "csq"):
        system.check(f"{name} is driver" in text, f"{name} says that it runs", text)


@test(harts=(1,))
def unknown_driver(system):
    "A name that no package has is refused, and nothing else happens."
    status, text = system.exec("driver load nonsense")
    system.check(status != 0 and "nonsense" in text, "the name is in the error", text)
    status, text = system.exec("driver load csq; driver unload csq; driver unload csq")
    system.check("csq is unloaded" in text and "csq is not loaded" in text, "it goes once", text)


@test(harts=(1, 4))
def samples_are_used(system):
    "An application uses each sample and finds what its README says."
    names = ("ioctl", "csq", "controller")
    status, text = system.exec("; ".join(f"exercise {name}" for name in names))
    system.check(status == 0, "every exercise succeeds", text)
    for name in names:
        system.check(f"exercise {name}: as it should be" in text, f"{name} does what it says", text)
