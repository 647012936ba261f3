// SPDX-License-Identifier: MIT
#include "edu.h"

#define ECAM      ((ash_word)0x30000000)
#define BAR       ((ash_word)0x40000000)
#define ID        0x11e81234u
#define AT_CONFIG ((ash_word)0x73000000)
#define AT_BAR    ((ash_word)0x73001000)
#define RW        (ASH_RIGHT_READ | ASH_RIGHT_WRITE)

#define CONFIG_COMMAND 1u /* in words of 32 bits */
#define CONFIG_BAR0    4u
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u

#define DMA_SOURCE  (0x80 / 8)
#define DMA_TARGET  (0x88 / 8)
#define DMA_COUNT   (0x90 / 8)
#define DMA_COMMAND (0x98 / 8)
#define DMA_START   1u
#define DMA_TO_RAM  2u
#define BUFFER      0x40000u

static volatile ash_word *registers;

bool edu_open(void)
{
    ash_cptr config = device_frame(ECAM + (EDU_DEVICE << 12)), bar = device_frame(BAR);
    if (config == 0 || bar == 0 || !make_tables(VSPACE, AT_CONFIG) ||
        ash_frame_map(config, VSPACE, AT_CONFIG, RW) != ASH_OK ||
        ash_frame_map(bar, VSPACE, AT_BAR, RW) != ASH_OK)
        return false;
    volatile uint32_t *space = (volatile uint32_t *)AT_CONFIG;
    if (space[0] != ID)
        return false;
    space[CONFIG_BAR0] = BAR;
    space[CONFIG_COMMAND] = COMMAND_MEMORY | COMMAND_MASTER;
    registers = (volatile ash_word *)AT_BAR;
    return true;
}

static bool run(ash_word source, ash_word target, ash_word bytes, ash_word command)
{
    registers[DMA_SOURCE] = source;
    registers[DMA_TARGET] = target;
    registers[DMA_COUNT] = bytes;
    registers[DMA_COMMAND] = command | DMA_START;
    for (unsigned i = 0; i < 1000; i++) {
        if (!(registers[DMA_COMMAND] & DMA_START))
            return true;
        sleep_us(1000);
    }
    return false;
}

bool edu_read(ash_word address, ash_word bytes)
{
    return run(address, BUFFER, bytes, 0);
}

bool edu_write(ash_word address, ash_word bytes)
{
    return run(BUFFER, address, bytes, DMA_TO_RAM);
}
