// SPDX-License-Identifier: MIT
/* QEMU's `edu` (docs/specs/edu.rst of QEMU): its DMA takes 100 ms, then it copies. */
#include "app.h"

#define DMA_SOURCE  0x80u
#define DMA_TARGET  0x88u
#define DMA_COUNT   0x90u
#define DMA_COMMAND 0x98u
#define START       1u
#define TO_MEMORY   2u
#define BUFFER      0x40000u

unsigned edu_number = 6; /* its line is not the disk's */

void edu_start(struct ash_file *file, ash_word address, unsigned bytes, bool to_memory)
{
    device_write(file, DMA_SOURCE, 8, to_memory ? BUFFER : address);
    device_write(file, DMA_TARGET, 8, to_memory ? address : BUFFER);
    device_write(file, DMA_COUNT, 8, bytes);
    device_write(file, DMA_COMMAND, 8, START | (to_memory ? TO_MEMORY : 0));
}

void edu_copy(struct ash_file *file, ash_word address, unsigned bytes, bool to_memory)
{
    edu_start(file, address, bytes, to_memory);
    for (unsigned i = 0; i < 1000; i++) {
        pause_ms(i == 0 ? 101 : 5);
        if (!(device_read(file, DMA_COMMAND, 8) & START))
            return;
    }
    give_up("the device does not end its copy");
}

STRAY_SCRIPT edu_script(ash_word address)
{
    return (STRAY_SCRIPT){.Steps = 4,
                          .PauseMicroseconds = 1000,
                          .Step = {{.Offset = DMA_SOURCE, .Width = 8, .Value = address},
                                   {.Offset = DMA_TARGET, .Width = 8, .Value = BUFFER},
                                   {.Offset = DMA_COUNT, .Width = 8, .Value = PAGE},
                                   {.Offset = DMA_COMMAND, .Width = 8, .Value = START}}};
}
