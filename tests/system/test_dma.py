# SPDX-License-Identifier: MIT
"""Hostile drivers and the DMA of their devices: memory is granted, never assumed. The driver stray
does whatever its device can be made to do."""

import re

import stray
from harness import test

BEHIND = "virt,aia=aplic-imsic,iommu-sys=on"
SEED = 20261122
TEXT = 40 << 10  # of the kernel: what begins there is code


@test(harts=(1,))
def addresses_without_a_grant(system):
    "Each attempt to write where nothing was granted is refused, told, and changes nothing."
    guest = stray.boot(system, BEHIND, counted=False)
    stray.say(guest, f"stray load {SEED}", "the device has its mark")
    before = stray.memory(system, guest, stray.KERNEL, TEXT)
    system.check(stray.memory(system, guest).count(stray.mark(SEED)) == 0, "the mark is new")
    text = stray.say(guest, f"stray write {SEED} 100 256; dma; exercise ioctl",
                     "100 attempts to write, 100 refused and told with device and address"
                     r"[\s\S]*stray, PCI bus 0, device 5, (.*)[\s\S]*"
                     "exercise ioctl: as it should be", 240)[1]
    system.check("DMA: enforced, refused " in text and "cut off" not in text and
                 "was not granted" in text, "it is shown", text)
    memory = stray.memory(system, guest)
    system.check(memory.count(stray.mark(SEED)) == 0, "the mark is nowhere in memory",
                 f"at 0x{stray.RAM + memory.find(stray.mark(SEED)):x}")
    kernel = memory[stray.KERNEL - stray.RAM:][:TEXT]
    system.check(kernel == before, "the kernel is as it was")


@test(harts=(1,))
def a_driver_dies_while_its_device_writes(system):
    "The device is off before the memory that it was to write is anybody else's."
    for machine in (BEHIND, "virt"):
        guest = stray.boot(system, machine)
        stray.say(guest, f"stray load {SEED}", "the device has its mark")
        stray.say(guest, "stray own", "the device is done")
        system.check(stray.memory(system, guest).count(stray.mark(SEED)) >= 512,
                     "while its driver lives the device writes where it may")
        stray.say(guest, f"stray load {SEED + 1}", "the device has its mark")
        guest.send("stray doom; kill stray\r")
        guest.expect("the device is at it", 20)
        guest.expect("is off at its bus: the memory of its dead driver is free", 20)
        stray.say(guest, "exercise ioctl", "exercise ioctl: as it should be")
        system.check(stray.memory(system, guest).count(stray.mark(SEED + 1)) == 0,
                     "the device has written nothing after that")


@test(harts=(1,))
def a_storm_of_faults(system):
    "Others keep nine tenths of their throughput; the device is cut off, and can be started again."
    guest = stray.boot(system, BEHIND)
    found = stray.say(guest, "stray traffic faults",
                      r"requests alone, \d+ during the storm of faults: (\d+) %; (\d+) faults", 240)
    system.check(int(found[1]) >= 90 and int(found[2]) > 64, "nine tenths are left", found.group())
    guest.expect(r"bugcheck 0xe6 \(0x26, .*the IOMMU refused its device's DMA again and again", 60)
    guest.expect("is off at its bus", 60)
    stray.say(guest, "dma", r"device 5, .*cut off, refused \d{4,} times")
    stray.say(guest, "devtree", r"stray: failed \(STATUS_DEVICE_PROTOCOL_ERROR\)")
    lines = len(re.findall("its DMA was refused: ", guest.log()))
    system.check(lines <= 12, "the log stays readable", f"{lines} lines")
    stray.say(guest, "device enable 00:05.0", "")
    stray.say(guest, "devtree", "hostile driver, stray: started")
