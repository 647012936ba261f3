// SPDX-License-Identifier: MIT
//
// Register access.
#include "controller.h"

ULONG NvmeRead(struct controller *nvme, ULONG offset)
{
    return READ_REGISTER_ULONG((PULONG)(PVOID)(nvme->registers + offset));
}

ULONG64 NvmeReadLong(struct controller *nvme, ULONG offset)
{
    return READ_REGISTER_ULONG64((PULONG64)(PVOID)(nvme->registers + offset));
}

VOID NvmeWrite(struct controller *nvme, ULONG offset, ULONG value)
{
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(nvme->registers + offset), value);
}
