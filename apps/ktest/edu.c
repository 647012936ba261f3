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

#define CONFIG_MESSAGE 16u /* its capability for MSI */
#define MESSAGE_ID     5u
#define MESSAGE_ON     (1u << 16)

#define RAISE (0x60 / 4)
#define QUIET (0x64 / 4)

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

bool edu_interrupt(ash_word address, uint32_t data)
{
    volatile uint32_t *message = (volatile uint32_t *)AT_CONFIG + CONFIG_MESSAGE;
    volatile uint32_t *register32 = (volatile uint32_t *)AT_BAR;
    if ((message[0] & 0xff) != MESSAGE_ID)
        return false;
    message[1] = (uint32_t)address;
    message[2] = (uint32_t)(address >> 32);
    message[3] = data;
    message[0] |= MESSAGE_ON;
    register32[RAISE] = 1;
    register32[QUIET] = 1;
    sleep_us(20);
    return true;
}
