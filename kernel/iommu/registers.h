// SPDX-License-Identifier: MIT
/*
 * Registers and in-memory formats of the RISC-V IOMMU (specification 1.0: chapters "Data
 * Structures", "In-memory queue interface", "Memory-mapped register interface"), and what boot.c
 * sets up for iommu.c.
 */
#ifndef KERNEL_IOMMU_REGISTERS_H
#define KERNEL_IOMMU_REGISTERS_H

#include "kernel/object.h"

#include <stdint.h>

#define IOMMU_CAPABILITIES 0u
#define IOMMU_FCTL         8u
#define IOMMU_DDTP         16u
#define IOMMU_CQB          24u
#define IOMMU_CQH          32u
#define IOMMU_CQT          36u
#define IOMMU_FQB          40u
#define IOMMU_FQH          48u
#define IOMMU_FQT          52u
#define IOMMU_CQCSR        72u
#define IOMMU_FQCSR        76u
#define IOMMU_IPSR         84u
#define IOMMU_ICVEC        760u

/* capabilities */
#define CAPABILITIES_VERSION  0xffu
#define CAPABILITIES_SV39X4   (1ull << 17)
#define CAPABILITIES_MSI_FLAT (1ull << 22)
#define CAPABILITIES_MSI_MRIF (1ull << 23)
#define CAPABILITIES_IGS(c)   ((c) >> 28 & 3)
#define IGS_MSI               0u
#define FCTL_WSI              2u
#define VERSION_1_0           0x10u

/* ddtp */
#define DDTP_3LVL 4u
#define DDTP_BUSY (1u << 4)

/* cqcsr, fqcsr */
#define QUEUE_ON           1u
#define QUEUE_INTERRUPT    2u
#define QUEUE_MEMORY_FAULT (1u << 8)
#define FAULTS_LOST        (1u << 9)
#define QUEUE_ACTIVE       (1u << 16)
#define IPSR_FAULT         2u

/* Commands: opcode and function of word 0. */
#define COMMAND_FORGET_FIRST     1ull               /* IOTINVAL.VMA */
#define COMMAND_FORGET_SECOND    (1ull | 1ull << 7) /* IOTINVAL.GVMA */
#define FORGET_ADDRESS           (1ull << 10)
#define FORGET_NUMBER(n)         ((uint64_t)(n) << 44 | 1ull << 33)
#define COMMAND_FENCE            2ull /* IOFENCE.C */
#define FENCE_READS              (1ull << 12)
#define FENCE_WRITES             (1ull << 13)
#define COMMAND_FORGET_DIRECTORY 3ull /* IODIR.INVAL_DDT */
#define DIRECTORY_DEVICE(d)      ((uint64_t)(d) << 40 | 1ull << 33)

/* Device directory: branch entries, and the words of a device context. */
#define DIRECTORY_V         1ull
#define CONTEXT_TC          0u
#define CONTEXT_IOHGATP     1u
#define CONTEXT_TA          2u
#define CONTEXT_FSC         3u
#define CONTEXT_MSIPTP      4u
#define CONTEXT_MSI_MASK    5u
#define CONTEXT_MSI_PATTERN 6u
#define CONTEXT_V           1ull
#define MODE_SV39X4         (8ull << 60)
#define MODE_FLAT           (1ull << 60)
#define GSCID_SHIFT         44u
#define PPN_MASK            ((1ull << 44) - 1)
/* Bits of a device ID that choose in a page of contexts: of 64 bytes, or of 32. */
#define EXTENDED_BITS 6u
#define BASE_BITS     7u

/* Entries of an MSI page table */
#define MESSAGE_V    1ull
#define MESSAGE_MRIF (1ull << 1)

#define IOMMU_DEVICES  65536u /* PCI's */
#define IOMMU_COMMANDS 256u
#define IOMMU_FAULTS   128u

struct iommu {
    uint64_t physical, size;
    uint8_t *registers;
    uint64_t capabilities;
    uint64_t (*commands)[2];
    uint64_t (*faults)[4];
    uint64_t *middle; /* entries of the middle level, for all device IDs */
    uint32_t tail;    /* commands posted so far */
    uint32_t leaf_bits;
    bool works;
};

extern struct iommu iommu;

#endif
