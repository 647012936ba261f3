// SPDX-License-Identifier: MIT
//
// Zw routines for files and the parameter area of a driver's service key. PASSIVE_LEVEL.
// Documentation: nf-wdm-zwcreatefile, nf-wdm-rtlqueryregistryvalues and neighbours.

#ifndef DDK_ZW_H
#define DDK_ZW_H

NTSTATUS ZwCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                      PIO_STATUS_BLOCK iosb, PLARGE_INTEGER allocation, ULONG file_attributes,
                      ULONG share, ULONG disposition, ULONG options, PVOID ea, ULONG ea_length);
NTSTATUS ZwOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                    PIO_STATUS_BLOCK iosb, ULONG share, ULONG options);
NTSTATUS ZwReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID context,
                    PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
                    PULONG key);
NTSTATUS ZwWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID context,
                     PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
                     PULONG key);
NTSTATUS ZwQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK iosb, PVOID information, ULONG length,
                                FILE_INFORMATION_CLASS information_class);
NTSTATUS ZwSetInformationFile(HANDLE file, PIO_STATUS_BLOCK iosb, PVOID information, ULONG length,
                              FILE_INFORMATION_CLASS information_class);

// Registry value types.
#define REG_NONE      0
#define REG_SZ        1
#define REG_EXPAND_SZ 2
#define REG_BINARY    3
#define REG_DWORD     4
#define REG_MULTI_SZ  7
#define REG_QWORD     11

#endif
