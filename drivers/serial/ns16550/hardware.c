// SPDX-License-Identifier: MIT
//
// The chip and the two rings. Every loop over what the chip says is bounded: a chip that always has
// one more byte, or never says that it is done, costs time but stops nothing.
#include "port.h"

enum { ISR_PASSES = 64, RECEIVE_BURST = 64, IDLE_POLLS = 2000, POLL_MICROSECONDS = 10 };

static ULONG Used(const SERIAL_RING *ring)
{
    return ring->Head - ring->Tail;
}

// ---- interrupt lock held from here on ----

static VOID NoteErrors(PPORT_EXTENSION port, UCHAR lsr)
{
    if ((lsr & LSR_OVERRUN) != 0) {
        port->State->Errors |= SERIAL_ERROR_OVERRUN;
        port->State->Stats.SerialOverrunErrorCount++;
    }
    if ((lsr & LSR_PARITY) != 0) {
        port->State->Errors |= SERIAL_ERROR_PARITY;
        port->State->Stats.ParityErrorCount++;
    }
    if ((lsr & LSR_FRAMING) != 0) {
        port->State->Errors |= SERIAL_ERROR_FRAMING;
        port->State->Stats.FrameErrorCount++;
    }
    if ((lsr & LSR_BREAK) != 0) {
        port->State->Errors |= SERIAL_ERROR_BREAK;
    }
}

static VOID StoreByte(PPORT_EXTENSION port, UCHAR byte)
{
    if (Used(&port->State->Receive) == RING_SIZE) {
        port->State->Errors |= SERIAL_ERROR_QUEUEOVERRUN;
        port->State->Stats.BufferOverrunErrorCount++;
        return;
    }
    port->State->Receive.Bytes[port->State->Receive.Head++ & RING_MASK] = byte;
    port->State->Stats.ReceivedCount++;
}

// Takes what the chip received. Reading LSR clears its error bits, so each value counts once.
static UCHAR TakeReceived(PPORT_EXTENSION port)
{
    UCHAR lsr = UartRead(&port->Uart, UART_LSR);
    NoteErrors(port, lsr);
    for (ULONG i = 0; i < RECEIVE_BURST && (lsr & LSR_DATA) != 0; i++) {
        UCHAR byte = UartRead(&port->Uart, UART_RBR);
        // A break comes with a zero byte that nobody sent.
        if ((lsr & LSR_BREAK) == 0) {
            StoreByte(port, byte);
        }
        lsr = UartRead(&port->Uart, UART_LSR);
        NoteErrors(port, lsr);
    }
    return lsr;
}

// Fills the transmit FIFO if it is empty, and asks for an interrupt while there is a reason to.
static VOID PumpTransmit(PPORT_EXTENSION port, UCHAR lsr)
{
    BOOLEAN empty = (lsr & LSR_THR_EMPTY) != 0;
    BOOLEAN sent = FALSE;
    for (ULONG i = 0; empty && i < UART_FIFO && Used(&port->State->Transmit) != 0; i++) {
        UartWrite(&port->Uart, UART_THR,
                  port->State->Transmit.Bytes[port->State->Transmit.Tail++ & RING_MASK]);
        port->State->Stats.TransmittedCount++;
        sent = TRUE;
    }
    if (empty && !sent) {
        port->NotifyIdle = FALSE;
    }
    BOOLEAN wanted = Used(&port->State->Transmit) != 0 || port->NotifyIdle;
    UCHAR ier = (UCHAR)(wanted ? port->Ier | IER_TRANSMIT : port->Ier & ~IER_TRANSMIT);
    if (ier != port->Ier) {
        port->Ier = ier;
        UartWrite(&port->Uart, UART_IER, ier);
    }
}

// What is taken here raises no interrupt any more: the DPC that serves the reads is asked for here.
static UCHAR TakeOutsideIsr(PPORT_EXTENSION port)
{
    ULONG before = port->State->Receive.Head;
    UCHAR lsr = TakeReceived(port);
    if (port->State->Receive.Head != before) {
        IoRequestDpc(port->Self, NULL, NULL);
    }
    return lsr;
}

BOOLEAN SerialInterrupt(PKINTERRUPT interrupt, PVOID context)
{
    PPORT_EXTENSION port = context;
    BOOLEAN mine = FALSE;
    UNREFERENCED_PARAMETER(interrupt);
    for (ULONG i = 0; i < ISR_PASSES; i++) {
        if ((UartRead(&port->Uart, UART_IIR) & IIR_NONE) != 0) {
            break;
        }
        mine = TRUE;
        PumpTransmit(port, TakeReceived(port));
        (void)UartRead(&port->Uart, UART_MSR); // ends a modem status interrupt
    }
    if (mine) {
        IoRequestDpc(port->Self, NULL, NULL);
    }
    return mine;
}

// ---- from here on without the interrupt lock ----

static VOID SetDivisor(PPORT_EXTENSION port, ULONG divisor)
{
    port->State->Divisor = (USHORT)divisor;
    UCHAR lcr = UartRead(&port->Uart, UART_LCR);
    UartWrite(&port->Uart, UART_LCR, lcr | LCR_DLAB);
    UartWrite(&port->Uart, UART_DLL, (UCHAR)divisor);
    UartWrite(&port->Uart, UART_DLM, (UCHAR)(divisor >> 8));
    UartWrite(&port->Uart, UART_LCR, lcr & (UCHAR)~LCR_DLAB);
}

// The divisor for a baud rate, 0 when none comes within 3 %.
static ULONG DivisorFor(ULONG clock, ULONG baud)
{
    if (clock == 0 || baud == 0 || baud > clock / 16) {
        return 0;
    }
    ULONGLONG base = 16ull * baud;
    ULONGLONG divisor = (clock + base / 2) / base;
    ULONGLONG real = divisor * base;
    ULONGLONG error = real > clock ? real - clock : clock - real;
    return divisor <= 0xffff && error * 100 <= 3ull * clock ? (ULONG)divisor : 0;
}

static VOID SetLine(PPORT_EXTENSION port, UCHAR lcr)
{
    port->State->Line = lcr;
    UartWrite(&port->Uart, UART_LCR, lcr);
}

static VOID SetModem(PPORT_EXTENSION port, UCHAR mcr)
{
    port->State->Modem = mcr;
    UartWrite(&port->Uart, UART_MCR, mcr);
}

static VOID SetDefaults(PPORT_EXTENSION port)
{
    // The firmware's last characters go out before the FIFO is set up.
    for (ULONG i = 0; i < IDLE_POLLS && (UartRead(&port->Uart, UART_LSR) & LSR_IDLE) == 0; i++) {
        KeStallExecutionProcessor(POLL_MICROSECONDS);
    }
    port->State->Line = LCR_BITS_8;
    port->State->Modem = MCR_DTR | MCR_RTS | MCR_OUT2;
    port->State->Divisor = (USHORT)DivisorFor(port->Clock, port->InitialBaud);
}

// The line is as the last task had it, and what the chip holds stays in it.
VOID SerialInitializeChip(PPORT_EXTENSION port)
{
    if (!port->Inherited) {
        SetDefaults(port);
    }
    port->Inherited = FALSE;
    port->Ier = 0;
    UartWrite(&port->Uart, UART_IER, 0);
    SetLine(port, port->State->Line & (UCHAR)~LCR_DLAB);
    if (port->State->Divisor != 0) {
        SetDivisor(port, port->State->Divisor);
    }
    UartWrite(&port->Uart, UART_FCR, FCR_ENABLE | FCR_TRIGGER_8);
    SetModem(port, port->State->Modem | MCR_OUT2);
}

VOID SerialEnableChip(PPORT_EXTENSION port)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    port->Ier = IER_RECEIVE | IER_LINE;
    UartWrite(&port->Uart, UART_IER, port->Ier);
    // What came, or was left to be sent, before anybody was there to be interrupted.
    PumpTransmit(port, TakeOutsideIsr(port));
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialSilenceChip(PPORT_EXTENSION port)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    port->Ier = 0;
    UartWrite(&port->Uart, UART_IER, 0);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

ULONG SerialReceive(PPORT_EXTENSION port, PUCHAR buffer, ULONG room)
{
    PSERIAL_RING ring = &port->State->Receive;
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    ULONG count = Used(ring) < room ? Used(ring) : room;
    for (ULONG i = 0; i < count; i++) {
        buffer[i] = ring->Bytes[ring->Tail++ & RING_MASK];
    }
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return count;
}

ULONG SerialTransmit(PPORT_EXTENSION port, const UCHAR *bytes, ULONG count)
{
    PSERIAL_RING ring = &port->State->Transmit;
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    ULONG room = RING_SIZE - Used(ring);
    count = count < room ? count : room;
    for (ULONG i = 0; i < count; i++) {
        ring->Bytes[ring->Head++ & RING_MASK] = bytes[i];
    }
    PumpTransmit(port, TakeOutsideIsr(port));
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return count;
}

BOOLEAN SerialIdle(PPORT_EXTENSION port)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    port->NotifyIdle = TRUE;
    PumpTransmit(port, TakeOutsideIsr(port));
    BOOLEAN idle = Used(&port->State->Transmit) == 0 && !port->NotifyIdle;
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return idle;
}

VOID SerialDrain(PPORT_EXTENSION port, ULONG milliseconds)
{
    ULONGLONG end = KeQueryInterruptTime() + milliseconds * MS_IN_100NS;
    while (!SerialIdle(port) && KeQueryInterruptTime() < end) {
        KeStallExecutionProcessor(POLL_MICROSECONDS);
    }
    while ((UartRead(&port->Uart, UART_LSR) & LSR_IDLE) == 0 && KeQueryInterruptTime() < end) {
        KeStallExecutionProcessor(POLL_MICROSECONDS);
    }
}

VOID SerialPurgeRings(PPORT_EXTENSION port, BOOLEAN receive, BOOLEAN transmit)
{
    UCHAR fcr = FCR_ENABLE | FCR_TRIGGER_8;
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    if (receive) {
        port->State->Given += Used(&port->State->Receive);
        port->State->Receive.Tail = port->State->Receive.Head;
        fcr |= FCR_CLEAR_RECEIVE;
    }
    if (transmit) {
        port->State->Transmit.Tail = port->State->Transmit.Head;
        fcr |= FCR_CLEAR_TRANSMIT;
    }
    UartWrite(&port->Uart, UART_FCR, fcr);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

BOOLEAN SerialSetBaud(PPORT_EXTENSION port, ULONG baud)
{
    ULONG divisor = DivisorFor(port->Clock, baud);
    if (divisor == 0) {
        return FALSE;
    }
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    SetDivisor(port, divisor);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return TRUE;
}

ULONG SerialGetBaud(PPORT_EXTENSION port)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    UCHAR lcr = UartRead(&port->Uart, UART_LCR);
    UartWrite(&port->Uart, UART_LCR, lcr | LCR_DLAB);
    ULONG divisor = UartRead(&port->Uart, UART_DLL) | (ULONG)UartRead(&port->Uart, UART_DLM) << 8;
    UartWrite(&port->Uart, UART_LCR, lcr);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return divisor == 0 ? 0 : (port->Clock / 16 + divisor / 2) / divisor;
}

static const UCHAR ParityBits[] = {
    [NO_PARITY] = 0,
    [ODD_PARITY] = LCR_PARITY,
    [EVEN_PARITY] = LCR_PARITY | LCR_PARITY_EVEN,
    [MARK_PARITY] = LCR_PARITY | LCR_PARITY_STICK,
    [SPACE_PARITY] = LCR_PARITY | LCR_PARITY_STICK | LCR_PARITY_EVEN,
};

// The chip sends 1.5 stop bits with 5 data bits, 2 with more (data sheet, table of LCR).
NTSTATUS SerialSetLine(PPORT_EXTENSION port, const SERIAL_LINE_CONTROL *line)
{
    if (line->WordLength < 5 || line->WordLength > 8 || line->Parity >= ARRAYSIZE(ParityBits) ||
        line->StopBits > STOP_BITS_2 ||
        (line->StopBits == STOP_BITS_1_5 && line->WordLength != 5) ||
        (line->StopBits == STOP_BITS_2 && line->WordLength == 5)) {
        return STATUS_INVALID_PARAMETER;
    }
    UCHAR lcr = (UCHAR)(line->WordLength - 5) | ParityBits[line->Parity];
    lcr |= line->StopBits != STOP_BIT_1 ? LCR_STOP_2 : 0;
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    UCHAR breaking = UartRead(&port->Uart, UART_LCR) & LCR_BREAK;
    SetLine(port, lcr | breaking);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    return STATUS_SUCCESS;
}

VOID SerialGetLine(PPORT_EXTENSION port, PSERIAL_LINE_CONTROL line)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    UCHAR lcr = UartRead(&port->Uart, UART_LCR);
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
    UCHAR parity = lcr & (LCR_PARITY | LCR_PARITY_STICK | LCR_PARITY_EVEN);
    line->WordLength = (UCHAR)((lcr & LCR_BITS_8) + 5);
    line->StopBits = STOP_BIT_1;
    if ((lcr & LCR_STOP_2) != 0) {
        line->StopBits = line->WordLength == 5 ? STOP_BITS_1_5 : STOP_BITS_2;
    }
    line->Parity = NO_PARITY;
    for (ULONG i = ODD_PARITY; i < ARRAYSIZE(ParityBits); i++) {
        line->Parity = ParityBits[i] == parity ? (UCHAR)i : line->Parity;
    }
}

VOID SerialSetModem(PPORT_EXTENSION port, UCHAR set, UCHAR clear)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    UCHAR mcr = UartRead(&port->Uart, UART_MCR);
    SetModem(port, (UCHAR)((mcr | set) & ~clear));
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialSetBreak(PPORT_EXTENSION port, BOOLEAN on)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    UCHAR lcr = UartRead(&port->Uart, UART_LCR);
    SetLine(port, (UCHAR)(on ? lcr | LCR_BREAK : lcr & ~LCR_BREAK));
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialGetStatus(PPORT_EXTENSION port, PSERIAL_STATUS status)
{
    RtlZeroMemory(status, sizeof(*status));
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    status->Errors = port->State->Errors;
    status->AmountInInQueue = Used(&port->State->Receive);
    status->AmountInOutQueue = Used(&port->State->Transmit);
    if ((UartRead(&port->Uart, UART_LCR) & LCR_BREAK) != 0) {
        status->HoldReasons = SERIAL_TX_WAITING_ON_BREAK;
    }
    port->State->Errors = 0;
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialGetStats(PPORT_EXTENSION port, PSERIALPERF_STATS stats, BOOLEAN clear)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    *stats = port->State->Stats;
    if (clear) {
        RtlZeroMemory(&port->State->Stats, sizeof(port->State->Stats));
    }
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}
