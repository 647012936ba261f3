// SPDX-License-Identifier: MIT
//
// Device registers: each access has exactly the named width, happens once, in program order with
// other device accesses; writes are ordered after earlier writes to memory, reads before later
// accesses to memory (dma visibility). Ports are memory of the bus's I/O window on this system:
// the port address is what MmMapIoSpace returned for a translated descriptor. Any IRQL.
// Documentation: nf-wdm-read_register_ulong and neighbours.

#ifndef DDK_REGISTER_H
#define DDK_REGISTER_H

#include <ddk/arch_barrier.h>

#define DDK_REGISTER_SET(kind, name, type)                                                         \
    FORCEINLINE type READ_##kind##_##name(const volatile type *address)                            \
    {                                                                                              \
        type value = *address;                                                                     \
        DDK_AFTER_DEVICE_READ();                                                                   \
        return value;                                                                              \
    }                                                                                              \
    FORCEINLINE VOID WRITE_##kind##_##name(volatile type *address, type value)                     \
    {                                                                                              \
        DDK_BEFORE_DEVICE_WRITE();                                                                 \
        *address = value;                                                                          \
    }

#define DDK_REGISTER_BUFFER_SET(name, type)                                                        \
    FORCEINLINE VOID READ_REGISTER_BUFFER_##name(const volatile type *address, type *buffer,       \
                                                 ULONG count)                                      \
    {                                                                                              \
        for (ULONG i = 0; i < count; i++)                                                          \
            buffer[i] = READ_REGISTER_##name(address + i);                                         \
    }                                                                                              \
    FORCEINLINE VOID WRITE_REGISTER_BUFFER_##name(volatile type *address, const type *buffer,      \
                                                  ULONG count)                                     \
    {                                                                                              \
        for (ULONG i = 0; i < count; i++)                                                          \
            WRITE_REGISTER_##name(address + i, buffer[i]);                                         \
    }

#define DDK_PORT_BUFFER_SET(name, type)                                                            \
    FORCEINLINE VOID READ_PORT_BUFFER_##name(const volatile type *port, type *buffer, ULONG count) \
    {                                                                                              \
        for (ULONG i = 0; i < count; i++)                                                          \
            buffer[i] = READ_PORT_##name(port);                                                    \
    }                                                                                              \
    FORCEINLINE VOID WRITE_PORT_BUFFER_##name(volatile type *port, const type *buffer,             \
                                              ULONG count)                                         \
    {                                                                                              \
        for (ULONG i = 0; i < count; i++)                                                          \
            WRITE_PORT_##name(port, buffer[i]);                                                    \
    }

DDK_REGISTER_SET(REGISTER, UCHAR, UCHAR)
DDK_REGISTER_SET(REGISTER, USHORT, USHORT)
DDK_REGISTER_SET(REGISTER, ULONG, ULONG)
DDK_REGISTER_SET(REGISTER, ULONG64, ULONG64)
DDK_REGISTER_BUFFER_SET(UCHAR, UCHAR)
DDK_REGISTER_BUFFER_SET(USHORT, USHORT)
DDK_REGISTER_BUFFER_SET(ULONG, ULONG)
DDK_REGISTER_SET(PORT, UCHAR, UCHAR)
DDK_REGISTER_SET(PORT, USHORT, USHORT)
DDK_REGISTER_SET(PORT, ULONG, ULONG)
DDK_PORT_BUFFER_SET(UCHAR, UCHAR)
DDK_PORT_BUFFER_SET(USHORT, USHORT)
DDK_PORT_BUFFER_SET(ULONG, ULONG)

#endif
