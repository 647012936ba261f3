// SPDX-License-Identifier: MIT
#include "chip.h"

#include <string.h>

#include "../../kit/fake_kit.h"
#include "uart.h"

struct chip chip;

void chip_reset(void)
{
    memset(&chip, 0, sizeof chip);
    chip.dll = 2;
}

void chip_type(const char *text)
{
    for (; *text != 0; text++) {
        chip.in[chip.in_head++ % sizeof chip.in] = (uint8_t)*text;
    }
}

void chip_drain(void)
{
    if (chip.fifo != 0) {
        chip.fifo = 0;
        chip.thr_interrupt = true;
    }
}

static uint8_t interrupt_id(void)
{
    if ((chip.ier & IER_LINE) != 0 && chip.line_errors != 0) {
        return 0x06;
    }
    if ((chip.ier & IER_RECEIVE) != 0 && (chip.in_head != chip.in_tail || chip.hostile)) {
        return 0x04;
    }
    if ((chip.ier & IER_TRANSMIT) != 0 && chip.thr_interrupt) {
        return 0x02;
    }
    return IIR_NONE;
}

bool chip_interrupting(void)
{
    return interrupt_id() != IIR_NONE;
}

void chip_run(void)
{
    for (unsigned i = 0; i < 100000 && chip_interrupting(); i++) {
        if (!kit_interrupt()) {
            kit_fail("the chip interrupts and the ISR says it does not");
        }
    }
}

static uint8_t line_status(void)
{
    uint8_t lsr = chip.line_errors;
    chip.line_errors = 0;
    lsr |= chip.in_head != chip.in_tail || chip.hostile ? LSR_DATA : 0;
    lsr |= chip.fifo == 0 && !chip.hostile ? LSR_THR_EMPTY | LSR_IDLE : 0;
    return lsr;
}

static uint8_t receive(void)
{
    return chip.in_head != chip.in_tail ? chip.in[chip.in_tail++ % sizeof chip.in] : 'h';
}

UCHAR UartRead(const UART *uart, ULONG number)
{
    bool dlab = (chip.lcr & LCR_DLAB) != 0;
    (void)uart;
    chip.reads++;
    switch (number) {
    case UART_RBR:
        return dlab ? chip.dll : receive();
    case UART_IER:
        return dlab ? chip.dlm : chip.ier;
    case UART_IIR: {
        uint8_t id = interrupt_id();
        chip.thr_interrupt = id == 0x02 ? false : chip.thr_interrupt;
        return id;
    }
    case UART_LCR:
        return chip.lcr;
    case UART_MCR:
        return chip.mcr;
    case UART_LSR:
        return line_status();
    default:
        return 0;
    }
}

static void transmit(uint8_t byte)
{
    if (chip.fifo == UART_FIFO) {
        kit_fail("transmit FIFO overrun");
    }
    chip.out[chip.out_count++ % sizeof chip.out] = byte;
    chip.fifo++;
    chip.thr_interrupt = false;
    if (!chip.hold) {
        chip_drain();
    }
}

VOID UartWrite(const UART *uart, ULONG number, UCHAR value)
{
    bool dlab = (chip.lcr & LCR_DLAB) != 0;
    (void)uart;
    switch (number) {
    case UART_THR:
        if (dlab) {
            chip.dll = value;
        } else {
            transmit(value);
        }
        break;
    case UART_IER:
        if (dlab) {
            chip.dlm = value;
            break;
        }
        // Enabling the interrupt with an empty register interrupts at once.
        if ((value & ~chip.ier & IER_TRANSMIT) != 0 && chip.fifo == 0) {
            chip.thr_interrupt = true;
        }
        chip.ier = value;
        break;
    case UART_FCR:
        chip.fcr = value;
        chip.fifo = (value & FCR_CLEAR_TRANSMIT) != 0 ? 0 : chip.fifo;
        chip.in_tail = (value & FCR_CLEAR_RECEIVE) != 0 ? chip.in_head : chip.in_tail;
        break;
    case UART_LCR:
        chip.lcr = value;
        break;
    case UART_MCR:
        chip.mcr = value;
        break;
    default:
        kit_fail("write to register %u", number);
    }
}
