// SPDX-License-Identifier: MIT
/* Faults in words. RISC-V IOMMU 1.0, "Fault/Event-Queue", tables of CAUSE and TTYP. */
#include "fault.h"

static const struct {
    unsigned cause;
    const char *text;
} reasons[] = {
    {1, "the bus does not let it execute there"},
    {4, "the read is not aligned"},
    {5, "nothing can be read there"},
    {6, "the write is not aligned"},
    {7, "nothing can be written there"},
    {12, "the page was not granted for execution"},
    {13, "the page was not granted for reading"},
    {15, "the page was not granted for writing"},
    {20, "the page was not granted for execution"},
    {21, "the page was not granted for reading"},
    {23, "the page was not granted for writing"},
    {256, "the IOMMU lets nothing through"},
    {257, "the device directory cannot be read"},
    {258, "no memory is granted to the device at all"},
    {259, "the device's directory entry is not valid"},
    {260, "the device may not make such a request"},
    {261, "its table of message interrupts cannot be read"},
    {262, "it was not given that message interrupt"},
    {263, "its table of message interrupts is not valid"},
    {264, "its interrupt file in memory cannot be reached"},
    {265, "the process directory cannot be read"},
    {266, "the process has no entry in the directory"},
    {267, "the process directory is not valid"},
    {268, "the device directory is damaged"},
    {269, "the process directory is damaged"},
    {270, "its table of message interrupts is damaged"},
    {271, "its interrupt file in memory is damaged"},
    {272, "the IOMMU has an internal error"},
    {273, "the message interrupt could not be delivered"},
    {274, "its page table is damaged"},
};

const char *pnp_fault_reason(ash_word cause)
{
    for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].cause == cause)
            return reasons[i].text;
    return "for a reason that the specification does not list";
}

/* The cause knows better, where it tells reading and writing apart: QEMU 10 says TTYP 3, a write,
 * of every access. */
const char *pnp_fault_kind(ash_word cause, ash_word kind)
{
    bool read = cause == 5 || cause == 13 || cause == 21;
    bool write = cause == 7 || cause == 15 || cause == 23;
    if (read || write)
        return read ? "read" : "write";
    static const char *const names[] = {
        "access",          "execution",        "read",
        "write",           "access",           "translated execution",
        "translated read", "translated write", "translation request",
        "message",
    };
    return names[kind < sizeof(names) / sizeof(names[0]) ? kind : 0];
}
