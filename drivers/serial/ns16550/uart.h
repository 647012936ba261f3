// SPDX-License-Identifier: MIT
//
// Registers of a 16550A (PC16550D data sheet, section 8), at any spacing and access width.
#ifndef NS16550_UART_H
#define NS16550_UART_H

#include <wdm.h>

// Register numbers; some share one, by direction or by LCR_DLAB.
enum {
    UART_RBR = 0, // read: receive buffer
    UART_THR = 0, // write: transmit holding
    UART_DLL = 0, // with DLAB: divisor, low byte
    UART_IER = 1,
    UART_DLM = 1, // with DLAB: divisor, high byte
    UART_IIR = 2, // read
    UART_FCR = 2, // write
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_MSR = 6,
    UART_REGISTERS = 8,
};

enum {
    IER_RECEIVE = 0x01,
    IER_TRANSMIT = 0x02,
    IER_LINE = 0x04,
    IIR_NONE = 0x01,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RECEIVE = 0x02,
    FCR_CLEAR_TRANSMIT = 0x04,
    FCR_TRIGGER_8 = 0x80,
    LCR_BITS_8 = 0x03,
    LCR_STOP_2 = 0x04,
    LCR_PARITY = 0x08,
    LCR_PARITY_EVEN = 0x10,
    LCR_PARITY_STICK = 0x20,
    LCR_BREAK = 0x40,
    LCR_DLAB = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT2 = 0x08, // lets the interrupt out
    LSR_DATA = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_PARITY = 0x04,
    LSR_FRAMING = 0x08,
    LSR_BREAK = 0x10,
    LSR_THR_EMPTY = 0x20,
    LSR_IDLE = 0x40, // shift register empty as well
    UART_FIFO = 16,
};

typedef struct _UART {
    PUCHAR Base;
    ULONG Shift; // register n lies at Base + (n << Shift)
    ULONG Width; // bytes an access: 1 or 4
} UART, *PUART;

// One access each. Any IRQL.
UCHAR UartRead(const UART *uart, ULONG number);
VOID UartWrite(const UART *uart, ULONG number, UCHAR value);

#endif
