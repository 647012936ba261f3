// SPDX-License-Identifier: MIT
//
// A version of ns16550 that does not work, put around the real one by the linker (--wrap): three
// characters, as they come out of the chip, are its end. Nobody gets the first two.
#include "uart.h"

#include <ntddk.h>

enum {
    FAULTS = 0x1c,    // ^backslash: in the ISR
    ISR_LOOPS = 0x1d, // ^]
    DPC_LOOPS = 0x1e, // ^^, passed on as '-': the DPC that follows
};

UCHAR RealRead(const UART *uart, ULONG number) __asm__("__real_UartRead");
UCHAR FaultyRead(const UART *uart, ULONG number) __asm__("__wrap_UartRead");
IO_DPC_ROUTINE RealDpc __asm__("__real_SerialDpc");
IO_DPC_ROUTINE FaultyDpc __asm__("__wrap_SerialDpc");

static volatile LONG looping;

static VOID Loop(VOID)
{
    for (volatile ULONG i = 0;; i++) {
    }
}

UCHAR FaultyRead(const UART *uart, ULONG number)
{
    UCHAR value = RealRead(uart, number);
    if (number != UART_RBR)
        return value;
    if (value == FAULTS)
        *(volatile ULONG *)(ULONG_PTR)16 = 0; // nothing is mapped there
    if (value == ISR_LOOPS)
        Loop();
    if (value != DPC_LOOPS)
        return value;
    InterlockedExchange(&looping, TRUE);
    return '-';
}

VOID FaultyDpc(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (looping)
        Loop();
    RealDpc(dpc, device, irp, context);
}
