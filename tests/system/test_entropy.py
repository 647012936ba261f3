# SPDX-License-Identifier: MIT
"""The virtio entropy device (drivers/entropy/virtio-rng)."""

import re

from harness import test

DEVICE = "virtio-rng-pci,disable-legacy=on"
GOOD = "exercise random: as it should be"


@test(harts=(1, 4))
def random_bytes(system):
    "Reads of every size get bytes that look like chance, also after a sleep and a stop."
    status, text = system.exec(
        "exercise random; power sleep 1; exercise random; device rebalance DEV_1044; "
        "exercise random", timeout=110, extra=["-device", DEVICE])
    system.check(status == 0 and text.count(GOOD) == 3, "three times", text)


@test(harts=(1, 4))
def behind_the_iommu(system):
    "The same, where the device reaches only what the driver was given."
    status, text = system.exec("exercise random", timeout=110,
                               machine="virt,aia=aplic-imsic,iommu-sys=on",
                               extra=["-device", DEVICE + ",iommu_platform=on"])
    system.check(status == 0 and GOOD in text, "as it should be", text)


@test()
def again_after_its_driver_was_killed(system):
    "Its name and its link are in nobody's way, and a dead driver's device has no messages."
    status, text = system.exec("exercise random; kill virtio-rng; devtree; device enable DEV_1044; "
                               "exercise random; device rebalance DEV_1044; exercise random",
                               machine="virt,aia=aplic-imsic,iommu-sys=on", timeout=110,
                               extra=["-device", DEVICE + ",iommu_platform=on"])
    system.check(status == 0 and text.count(GOOD) == 3, "it does what it says again", text)
    failed = re.search(r"virtio-rng: failed[^\n]*", text)
    system.check(failed is not None and " message " not in failed.group(0),
                 "its messages are given back", text)


@test()
def without_the_device(system):
    "Nobody has the name then."
    status, text = system.exec("exercise random")
    system.check(status != 0 and "does not open" in text, "it does not open", text)
