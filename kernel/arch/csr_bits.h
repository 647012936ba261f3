// SPDX-License-Identifier: MIT
/*
 * Fields of the registers of S-mode (RISC-V privileged specification, chapter 10): numbers alone,
 * so that a build for another machine can have them without csr.h.
 */
#ifndef KERNEL_ARCH_CSR_BITS_H
#define KERNEL_ARCH_CSR_BITS_H

#define SSTATUS_SIE        (1ull << 1)
#define SSTATUS_SPIE       (1ull << 5)
#define SSTATUS_SPP        (1ull << 8)
#define SSTATUS_FS_OFF     (0ull << 13)
#define SSTATUS_FS_INITIAL (1ull << 13)
#define SSTATUS_FS_CLEAN   (2ull << 13)
#define SSTATUS_FS_DIRTY   (3ull << 13)
#define SSTATUS_FS_MASK    (3ull << 13)
#define SSTATUS_SUM        (1ull << 18)

#define SIP_SOFTWARE (1ull << 1)
#define SIP_TIMER    (1ull << 5)
#define SIP_EXTERNAL (1ull << 9)

#define SCAUSE_INTERRUPT (1ull << 63)
#define SCAUSE_ILLEGAL   2u

#define SATP_SV39       (8ull << 60)
#define SATP_ASID_SHIFT 44u
#define SATP_ASID_MASK  0xffffull

#endif
