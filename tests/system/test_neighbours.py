# SPDX-License-Identifier: MIT
"""Two devices in the hands of one driver: each has an IoSpace of its own."""

import stray
from harness import test

BEHIND = "virt,aia=aplic-imsic,iommu-sys=on"
SECOND = ["-device", "edu,addr=7,dma_mask=0xffffffffffffffff"]


@test(harts=(1,))
def what_was_granted_to_a_neighbour(system):
    "A device goes for memory of another one's grants: the IOMMU refuses it, the owner gets there."
    guest = system.boot(machine=BEHIND, package=stray.package(system), memory="256M",
                        extra=stray.EDU + SECOND)
    text = guest.run("devtree")
    system.check(text.count("stray: started") == 2, "the driver has both", text)
    stray.say(guest, "stray neighbour",
              "a common buffer of the other device is as it was; a page that was granted to it "
              "was refused and told, both ways, and is as it was", 120)
