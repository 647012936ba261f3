// SPDX-License-Identifier: MIT
//
// Register access. A file of its own, so that tests put a simulated chip in its place.
#include "uart.h"

UCHAR UartRead(const UART *uart, ULONG number)
{
    PUCHAR address = uart->Base + ((SIZE_T)number << uart->Shift);
    if (uart->Width == 4) {
        return (UCHAR)READ_REGISTER_ULONG((PULONG)(PVOID)address);
    }
    return READ_REGISTER_UCHAR(address);
}

VOID UartWrite(const UART *uart, ULONG number, UCHAR value)
{
    PUCHAR address = uart->Base + ((SIZE_T)number << uart->Shift);
    if (uart->Width == 4) {
        WRITE_REGISTER_ULONG((PULONG)(PVOID)address, value);
    } else {
        WRITE_REGISTER_UCHAR(address, value);
    }
}
