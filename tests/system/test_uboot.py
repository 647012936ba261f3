# SPDX-License-Identifier: MIT
"""The same kernel image boots through U-Boot, which loads it and the boot package from a FAT
partition by an extlinux entry, as a board with an SD card does."""

import pathlib

import paths
from harness import test

U_BOOT = pathlib.Path("/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin")
ENTRY = """default ashlar
timeout 1
label ashlar
  kernel /Image
  initrd /ashlar.cpio
  append ashlar.quiet ashlar.exec="cat C:/README.txt"
"""


@test(harts=(1, 4))
def extlinux(system):
    image = system.disk()
    configuration = system.scratch / "extlinux.conf"
    configuration.write_text(ENTRY)
    system.mtools(image, "mmd", "::/extlinux")
    system.mtools(image, "mcopy", str(configuration), "::/extlinux/extlinux.conf")
    system.mtools(image, "mcopy", str(paths.KERNEL_IMAGE), "::/Image")
    system.mtools(image, "mcopy", str(paths.BOOT_PACKAGE), "::/ashlar.cpio")
    machine = system.machine(disk=image, kernel=U_BOOT, package=None)
    status, text = system.finish(machine, timeout=60)
    system.check("Retrieving file: /Image" in system.log(), "U-Boot loaded the kernel")
    system.check(status == 0 and "Welcome to Ashlar" in text, "the commands ran", text)
