# SPDX-License-Identifier: MIT
"""Hostile drivers and the DMA of their devices: memory is granted, never assumed. The driver stray
does whatever its device can be made to do."""

import re

import disk
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
                     r"[\s\S]*stray, PCI bus 0, device 6, (.*)[\s\S]*"
                     "exercise ioctl: as it should be", 240)[1]
    system.check("DMA: enforced, refused " in text and "cut off" not in text and
                 "was not granted" in text, "it is shown", text)
    memory = stray.memory(system, guest)
    system.check(memory.count(stray.mark(SEED)) == 0, "the mark is nowhere in memory",
                 f"at 0x{stray.RAM + memory.find(stray.mark(SEED)):x}")
    kernel = memory[stray.KERNEL - stray.RAM:][:TEXT]
    system.check(kernel == before, "the kernel is as it was")


@test(harts=(1, 4))
def prps_without_a_grant(system):
    "An NVMe controller writes nothing and learns nothing where nothing was granted."
    guest = stray.boot(system, BEHIND, counted=False, devices=stray.EDU + stray.NVME)
    before = stray.memory(system, guest, stray.KERNEL, TEXT)
    stray.say(guest, f"stray nvme {SEED} 150 256; exercise ioctl",
              "300 attempts of the controller, 300 refused and told with device and address, after "
              r"300 it knew nothing new[\s\S]*exercise ioctl: as it should be", 240)
    memory = stray.memory(system, guest)
    found = memory.find(stray.clock_mark(SEED))
    system.check(found < 0, "its mark is nowhere in memory", f"at 0x{stray.RAM + found:x}")
    kernel = memory[stray.KERNEL - stray.RAM:][:TEXT]
    system.check(kernel == before, "the kernel is as it was")
    stray.say(guest, "dma", r"device 7, .*DMA: enforced, refused \d+ times")


@test(harts=(1, 4))
def descriptors_without_a_grant(system):
    "A virtio device writes where its descriptors say only if that was granted."
    devices = stray.EDU + stray.entropy(system, SEED)
    guest = stray.boot(system, BEHIND, counted=False, devices=devices)
    before = stray.memory(system, guest, stray.KERNEL, TEXT)
    granted = int.from_bytes(stray.mark(SEED + 1), "little")
    stray.say(guest, f"stray rng {SEED} 150 256; exercise ioctl",
              f"where it may it writes {granted:x}; 150 attempts of the "
              r"device, 150 refused and told with device and address[\s\S]*"
              "exercise ioctl: as it should be", 240)
    memory = stray.memory(system, guest)
    system.check(memory.count(stray.mark(SEED)) == 0, "the mark is nowhere in memory")
    system.check(memory[stray.KERNEL - stray.RAM:][:TEXT] == before, "the kernel is as it was")


@test(harts=(1, 2, 4))
def messages_that_were_not_given(system):
    "Whatever a driver writes into its MSI-X table, its device raises its own message only."
    guest = stray.boot(system, BEHIND, counted=False, devices=stray.EDU + stray.NVME)
    stray.say(guest, "stray messages; exercise ioctl",
              "its own message comes; 20 others, 0 came; 8 elsewhere, 8 refused and told"
              r"[\s\S]*exercise ioctl: as it should be", 60)


@test(harts=(1, 4))
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


def left_by(system, machine: str, kind: str) -> re.Match:
    """What others do while the device storms, against what they do alone, in counted instructions:
    the same at each run, whatever the computer that runs the test does besides."""
    status, text = system.exec(f"stray traffic {kind} requests", machine=machine, memory="256M",
                               package=stray.package(system),
                               extra=stray.EDU + ["-icount", "shift=0,sleep=off"])
    found = re.search(rf"\d+ alone, \d+ during the storm of {kind}: (\d+) %; (\d+) faults"
                      r"(?:; (\d+) interrupts in (\d+) ms)?", text)
    system.check(status == 0 and found is not None, "both are counted", text)
    system.check(int(found[1]) >= 90, "nine tenths are left to others", text)
    return found


@test(harts=(1, 2, 4))
def storms_leave_nine_tenths(system):
    "Of faults and of interrupts, by wire and by message."
    for machine in ("virt", BEHIND):
        found = left_by(system, machine, "interrupts")
        rate = int(found[3]) * 1000 // int(found[4])
        system.check(64 <= rate <= 2500, "the device gets about a thousand turns a second",
                     found[0])
    found = left_by(system, BEHIND, "faults")
    system.check(int(found[2]) > 64, "there were many", found[0])


@test(harts=(1,))
def a_storm_of_faults(system):
    "The device is cut off, and can be started again."
    guest = stray.boot(system, BEHIND)
    stray.say(guest, "stray traffic faults requests", r"during the storm of faults: \d+ %", 240)
    guest.expect(r"bugcheck 0xe6 \(0x26, .*the IOMMU refused its device's DMA again and again", 60)
    guest.expect("is off at its bus", 60)
    stray.say(guest, "dma", r"device 6, .*cut off, refused \d{4,} times")
    stray.say(guest, "devtree", r"stray: failed \(STATUS_DEVICE_PROTOCOL_ERROR\)")
    lines = len(re.findall("its DMA was refused: ", guest.log()))
    system.check(lines <= 12, "the log stays readable", f"{lines} lines")
    stray.say(guest, "device enable 00:06.0", "")
    stray.say(guest, "devtree", "hostile driver, stray: started")


@test(harts=(1, 4))
def a_storm_of_interrupts(system):
    "Wired and message interrupts: others go on, disks too, and it is told."
    for machine in ("virt", BEHIND):
        guest = stray.boot(system, machine, counted=False)
        stray.say(guest, "stray storm", "the device storms")
        stray.say(guest, "exercise ioctl", "exercise ioctl: as it should be")
        if machine == BEHIND:
            stray.say(guest, "sha256sum C:/random.bin", disk.RANDOM_SHA256, 120)
        told = len(re.findall("stray: its device interrupts again and again", guest.log()))
        system.check(1 <= told <= 10, "it is told, and not too often", f"{told} times")


@test(harts=(1,))
def a_storm_on_a_shared_line(system):
    "The disk has the same line: the device is cut off, its driver ended, the disk goes on."
    guest = stray.boot(system, "virt", counted=False, devices=stray.SHARING)
    stray.say(guest, "stray at 5 storm", "the device storms")
    guest.expect(r"bugcheck 0xf2 \(.*its device does nothing but interrupt, on a line that others "
                 "share", 60)
    stray.say(guest, "devtree", r"stray: failed \(STATUS_DEVICE_PROTOCOL_ERROR\)")
    stray.say(guest, "sha256sum C:/random.bin", disk.RANDOM_SHA256, 120)
