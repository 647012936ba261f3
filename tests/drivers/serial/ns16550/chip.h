// SPDX-License-Identifier: MIT
// A simulated 16550A: what the driver's uart.c would reach through device memory.
#ifndef TEST_CHIP_H
#define TEST_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chip {
    uint8_t ier, fcr, lcr, mcr, dll, dlm;
    uint8_t line_errors; // shown in LSR until it is read
    bool thr_interrupt;  // THR-empty interrupt waits to be seen
    bool hostile;        // always one more byte, never empty
    uint8_t in[65536], out[65536];
    size_t in_head, in_tail, out_count;
    unsigned fifo; // bytes in the transmit FIFO
    bool hold;     // the FIFO drains only when chip_drain is called
    unsigned reads;
};

extern struct chip chip;

void chip_reset(void);
// Bytes arrive. The caller then raises the interrupt.
void chip_type(const char *text);
void chip_drain(void);
bool chip_interrupting(void);
// Lets the driver's ISR run as long as the chip interrupts.
void chip_run(void);

#endif
