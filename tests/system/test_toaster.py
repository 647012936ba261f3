# SPDX-License-Identifier: MIT
"""The sample toaster: bus, function and filter driver in a task each; everything that can happen
to a device."""

from harness import test

BUS = "device add ROOT\\ToasterBus; "


@test(harts=(1, 4))
def plug_use_unplug(system):
    "Toasters come, work through their filter, and go."
    status, text = system.exec(BUS + "toast plug 1; toast plug 2; toast list; toast make 1; "
                               "toast make 1; toast make 2; devtree; toast unplug 1; toast list")
    system.check(status == 0, "each step succeeds", text)
    system.check("2 toasters" in text and "1 toasters" in text, "they are listed", text)
    system.check(text.count("slice 1 is done") == 2 and "slice 2 is done" in text,
                 "each has its own count", text)
    system.check("SAMPLE\\Toaster\\01" in text, "devtree shows it", text)
    system.check("toastflt: 2 requests went through" in text, "the filter saw them", text)


@test(harts=(1, 4))
def eject_by_button(system):
    "IOCTL_TOASTER_EJECT: it is removed in order and leaves its slot; a new one may come."
    status, text = system.exec(BUS + "toast plug 3; toast make 3; toast eject 3; toast list; "
                               "toast plug 3; toast make 3; device eject SAMPLE; toast list")
    system.check(status == 0, "each step succeeds", text)
    system.check(text.count("0 toasters") == 2, "both are gone", text)
    system.check(text.count("slice 1 is done") == 2, "the second is a new one", text)


@test(harts=(1, 4))
def open_handles(system):
    "An open toaster cannot be ejected; pulled out, it fails requests until it is closed."
    status, text = system.exec(BUS + "toast plug 4; toast surprise 4; toast list; toast plug 4; "
                               "toast make 4")
    system.check(status == 0, "each step succeeds", text)
    system.check("pulled out while open: 0xc000" in text, "the handle got an error", text)
    system.check(text.count("slice 1 is done") == 2, "it worked until then, and anew", text)


@test(harts=(1, 4))
def stop_disable_remove(system):
    "A rebalance is seen by nobody; disabled it is gone; the bus takes its toasters along."
    status, text = system.exec(BUS + "toast plug 5; device rebalance SAMPLE; toast make 5; "
                               "device disable SAMPLE; toast list; device enable SAMPLE; "
                               "toast make 5; device remove TOASTERBUS; toast list; devtree")
    system.check(status == 0, "each step succeeds", text)
    system.check("stopped and started" in text and "1 toasters" not in text, "in order", text)
    system.check("SAMPLE" not in text.rsplit("0 toasters", 1)[1], "nothing is left", text)


@test(harts=(1, 4))
def a_driver_dies(system):
    "Filter or function driver killed: the device fails, its bus stays, and it can be enabled."
    kill = "; ".join(f"kill {victim}; toast gone 6; devtree; device enable SAMPLE; toast make 6"
                     for victim in ("toastflt", "toaster", "toastflt"))
    status, text = system.exec(BUS + "toast plug 6; " + kill + "; toast make 6; devtree")
    system.check(status == 0, "each step succeeds", text)
    system.check(text.count("failed (STATUS") == 3, "the device is failed each time", text)
    system.check("slice 2 is done" in text, "it works in the end", text)
