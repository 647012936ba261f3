# SPDX-License-Identifier: MIT
"""The suite that every disk controller passes: virtio-blk and NVMe, on each kind of machine. The
demonstration disk is behind the controller; the host compares what was written."""

import hashlib
import pathlib
import struct

import disk
from harness import test

PLIC = "virt"
IMSIC = "virt,aia=aplic-imsic"
IOMMU = "virt,aia=aplic-imsic,iommu-sys=on"
MEBIBYTE = 1 << 20
SECTOR = 512
MULTIPLIER = 0x9E3779B97F4A7C15  # apps/exercise/disk.c


def digest_and_copy(system, **options) -> None:
    image = system.disk()
    status, text = system.exec(
        "sha256sum C:/random.bin; cp C:/random.bin C:/copy.bin; sha256sum C:/copy.bin", disk=image,
        timeout=240, **options)
    system.check(status == 0 and text.count(disk.RANDOM_SHA256) == 2, "both digests are the host's",
                 text)
    system.fsck(image)
    system.mtools(image, "mcopy", "::/copy.bin", str(system.scratch / "copy.bin"))
    digest = hashlib.sha256((system.scratch / "copy.bin").read_bytes()).hexdigest()
    system.check(digest == disk.RANDOM_SHA256, "the copy's digest is right outside", digest)


def pattern(sectors: int, number: int = 0) -> bytes:
    "What the exercise writes to the disk with that number among its arguments."
    words = range(number * SECTOR // 8, (number + 1) * SECTOR // 8)
    mask = (1 << 64) - 1
    return b"".join(struct.pack(f"<{SECTOR // 8}Q", *((s * MULTIPLIER + w) & mask for w in words))
                    for s in range(sectors))


def blank(system, name: str, mebibytes: int) -> pathlib.Path:
    image = system.scratch / name
    with image.open("wb") as file:
        file.truncate(mebibytes * MEBIBYTE)
    return image


def drive(image: pathlib.Path, name: str) -> list[str]:
    return ["-drive", f"if=none,id={name},file={image},format=raw"]


def in_flight(system, **options) -> None:
    """32 requests of one application at a time, on a disk that holds nothing."""
    image = blank(system, "blank.img", 16)
    command = "exercise disk \\Device\\Harddisk0\\DR0"
    status, text = system.exec(f"{command}; {command}", timeout=110, disk=image, **options)
    system.check(status == 0 and text.count("exercise disk: as it should be") == 2,
                 "everything comes back", text)
    written = image.read_bytes()
    system.check(written[:8 * MEBIBYTE] == pattern(8 * MEBIBYTE // SECTOR),
                 "the host finds what was written")
    system.check(not any(written[8 * MEBIBYTE:]), "and nothing behind it")


@test(harts=(1, 2, 4))
def virtio_blk_files(system):
    "A file of 64 MiB through virtio-blk, and a copy of it."
    digest_and_copy(system, controller="virtio-blk", machine=PLIC)


@test(harts=(1, 2, 4))
def nvme_files(system):
    "The same through NVMe."
    digest_and_copy(system, controller="nvme", machine=PLIC)


@test()
def virtio_blk_files_with_messages(system):
    "The same with APLIC and IMSIC."
    digest_and_copy(system, controller="virtio-blk", machine=IMSIC)


@test()
def nvme_files_with_messages(system):
    "The same with APLIC and IMSIC."
    digest_and_copy(system, controller="nvme", machine=IMSIC)


@test(harts=(1, 2, 4))
def virtio_blk_files_behind_the_iommu(system):
    "The same behind the IOMMU."
    digest_and_copy(system, controller="virtio-blk", machine=IOMMU)


@test(harts=(1, 2, 4))
def nvme_files_behind_the_iommu(system):
    "The same behind the IOMMU."
    digest_and_copy(system, controller="nvme", machine=IOMMU)


@test(harts=(1, 4))
def virtio_blk_in_flight(system):
    "Many requests in flight, each byte compared in the guest and by the host."
    in_flight(system, controller="virtio-blk", machine=PLIC)


@test(harts=(1, 4))
def nvme_in_flight(system):
    "The same through NVMe."
    in_flight(system, controller="nvme", machine=PLIC)


@test(harts=(1, 4))
def virtio_blk_in_flight_behind_the_iommu(system):
    "The same behind the IOMMU."
    in_flight(system, controller="virtio-blk", machine=IOMMU)


@test(harts=(1, 4))
def nvme_in_flight_behind_the_iommu(system):
    "The same behind the IOMMU."
    in_flight(system, controller="nvme", machine=IOMMU)


FOUR_QUEUES = "virtio-blk of four queues"


@test(harts=(1, 2, 4))
def virtio_blk_of_four_queues(system):
    "The same suite with a queue a hart and a message a queue; with the line there is one queue."
    for machine in (IMSIC, IOMMU, PLIC):
        in_flight(system, controller=FOUR_QUEUES, machine=machine)
    digest_and_copy(system, controller=FOUR_QUEUES, machine=IOMMU)
    status, text = system.exec("devtree; power sleep 1; device rebalance VEN_1AF4; "
                               "sha256sum C:/random.bin", timeout=110, controller=FOUR_QUEUES,
                               machine=IOMMU)
    system.check(status == 0 and disk.RANDOM_SHA256 in text, "all queues come back", text)
    line = next(line for line in text.splitlines() if "virtio-blk: started" in line)
    system.check(line.count("  message ") == 5, "one message more than queues", line)


@test(harts=(1, 4))
def two_controllers_of_one_driver(system):
    "Both in the hands of one task, behind the IOMMU, with requests in flight at the same time."
    for controller, device in (("virtio-blk", "virtio-blk-pci,disable-legacy=on,iommu_platform=on"),
                               ("nvme", "nvme,serial=second")):
        images = [blank(system, f"{controller}{n}.img", 16) for n in range(2)]
        status, text = system.exec(
            "exercise disk \\Device\\Harddisk0\\DR0 \\Device\\Harddisk1\\DR0; dma", timeout=110,
            disk=images[0], controller=controller, machine=IOMMU,
            extra=[*drive(images[1], "second"), "-device", f"{device},drive=second"])
        system.check(status == 0 and "exercise disk: as it should be" in text,
                     f"{controller}: everything comes back", text)
        system.check(text.count(f"    {controller}, ") == 2 and
                     text.count("DMA: enforced, refused 0 times") == 2,
                     f"{controller}: neither reached for what is not its own", text)
        data = [image.read_bytes() for image in images]
        found = [half[:8 * MEBIBYTE] for half in data]
        expected = [pattern(8 * MEBIBYTE // SECTOR, number) for number in range(2)]
        system.check(found in (expected, expected[::-1]),  # which starts first is not said
                     f"{controller}: each holds what was written to it")
        system.check(not any(any(half[8 * MEBIBYTE:]) for half in data), "and nothing else")


@test(harts=(1, 4))
def buffers_at_any_address(system):
    "What a controller cannot take from where it lies (NVMe: multiples of four) is copied."
    for controller, machine in (("nvme", PLIC), ("nvme", IOMMU)):
        image = system.disk()
        status, text = system.exec(
            "exercise copy C:/random.bin C:/copy.bin shifted; sha256sum C:/copy.bin", disk=image,
            controller=controller, machine=machine, timeout=240)
        system.check(status == 0 and "67108864 bytes, 0x00000000, 0x00000000" in text and
                     disk.RANDOM_SHA256 in text, f"{controller}: the digest is the host's", text)
        system.fsck(image)


@test()
def sleep_and_rebalance(system):
    "Requests survive a sleep, and a controller that is stopped and started, with either controller."
    for controller, node in (("virtio-blk", "VEN_1AF4"), ("nvme", "VEN_1B36&DEV_0010")):
        status, text = system.exec(
            f"power sleep 1; sha256sum C:/random.bin; device rebalance {node}; "
            "sha256sum C:/random.bin", timeout=110, controller=controller)
        system.check(status == 0 and text.count(disk.RANDOM_SHA256) == 2,
                     f"{controller} comes back", text)


@test(harts=(1, 4))
def several_namespaces(system):
    "One controller, three namespaces: a disk each, one with blocks of 4 KiB, one read-only to QEMU."
    files = [blank(system, f"space{n}.img", 16) for n in range(2)]
    extra = ["-device", "nvme,id=n0,serial=several"]
    extra += [*drive(system.disk(), "s0"), "-device", "nvme-ns,drive=s0,bus=n0,nsid=1"]
    extra += [*drive(files[0], "s1"),
              "-device", "nvme-ns,drive=s1,bus=n0,nsid=5,logical_block_size=4096,"
              "physical_block_size=4096"]
    extra += [*drive(files[1], "s2"), "-device", "nvme-ns,drive=s2,bus=n0,nsid=2"]
    status, text = system.exec(
        "sha256sum C:/random.bin; exercise disk \\Device\\Harddisk1\\DR0; devtree", timeout=110,
        disk=None, extra=extra)
    system.check(status == 0 and disk.RANDOM_SHA256 in text, "the first holds the volume", text)
    for namespace in (1, 2, 5):
        system.check(f"STORAGE\\Disk\\{namespace}\n" in text, f"namespace {namespace} is a disk",
                     text)
    data = [path.read_bytes() for path in files]
    expected = pattern(8 * MEBIBYTE // SECTOR)
    system.check(data[1][:8 * MEBIBYTE] == expected, "the second got what was written to it")
    system.check(not any(data[0]), "and the third nothing")
