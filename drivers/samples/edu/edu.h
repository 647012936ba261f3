// SPDX-License-Identifier: MIT
//
// What the sample driver `edu` and its callers agree on: a device name, the control codes, their
// data. A driver or an application includes it after its own system header, which has CTL_CODE.
#ifndef SAMPLE_EDU_H
#define SAMPLE_EDU_H

#define EDU_DEVICE_NAME L"\\Device\\Edu0"
#define EDU_LINK_NAME   L"\\??\\Edu0"
#define FILE_DEVICE_EDU 0x8003u

// The device's own memory, which only its DMA reaches.
#define EDU_BUFFER_BYTES 4096u

// Out: struct edu_identity.
#define IOCTL_EDU_IDENTIFY CTL_CODE(FILE_DEVICE_EDU, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
// In: a 32-bit number. Out: its factorial, modulo 2^32, as the device computes it. Pended.
#define IOCTL_EDU_FACTORIAL CTL_CODE(FILE_DEVICE_EDU, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
// In: struct edu_place. "Out": data that goes to the device's buffer there. Pended.
#define IOCTL_EDU_COPY_TO CTL_CODE(FILE_DEVICE_EDU, 0x802, METHOD_IN_DIRECT, FILE_WRITE_ACCESS)
// In: struct edu_place. Out: data of the device's buffer there. Pended.
#define IOCTL_EDU_COPY_FROM CTL_CODE(FILE_DEVICE_EDU, 0x803, METHOD_OUT_DIRECT, FILE_READ_ACCESS)
// In: a 32-bit number, 28 to 64: how many address bits the device's DMA has. Nothing in the device
// tells it, and QEMU gives it 28 unless started with -device edu,dma_mask=MASK; too large a number
// makes the device cut addresses off. STATUS_DEVICE_BUSY while requests are under way.
#define IOCTL_EDU_SET_DMA_WIDTH                                                                    \
    CTL_CODE(FILE_DEVICE_EDU, 0x804, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

#define EDU_INTERRUPT_LINE    0u
#define EDU_INTERRUPT_MESSAGE 1u

struct edu_identity {
    unsigned int major, minor; // of the device
    unsigned int alive;        // 1: it inverted a number
    unsigned int interrupt;    // EDU_INTERRUPT_...
    unsigned int interrupts;   // that came so far
    unsigned int dma_bits;
    unsigned int common; // 1: there is a common buffer in the device's reach
};

#define EDU_PACKET 0u // the device reaches the caller's pages
#define EDU_COMMON 1u // through the driver's common buffer

struct edu_place {
    unsigned int offset; // in the device's buffer; the data must end in it
    unsigned int way;
};

#endif
