// SPDX-License-Identifier: MIT
//
// What bus drivers say about their devices in the same words: answers to the queries that the PnP
// manager sends to a physical device object, resource lists, and the two ways an IRP leaves a
// driver. Nothing here keeps state. Buffers that answer an IRP are paged pool and belong to the PnP
// manager afterwards, as documented for each minor code. All at PASSIVE_LEVEL except where said.
#pragma once

#include <wdm.h>

#ifndef CM_RESOURCE_PORT_WINDOW_DECODE
#define CM_RESOURCE_PORT_WINDOW_DECODE 0x0080
#endif

#ifndef PAGE_READONLY
#define PAGE_READONLY 0x02
#endif

#define PDO_TAG 0x206F6450u // 'Pdo '

// Completes an IRP with this status and returns it. Information stays. IRQL <= DISPATCH_LEVEL.
NTSTATUS PdoComplete(PIRP irp, NTSTATUS status);

// Gives the IRP to the next lower driver as it is. IRQL <= DISPATCH_LEVEL.
NTSTATUS FdoPassDown(PDEVICE_OBJECT lower, PIRP irp);

// The same, for a PnP IRP that the driver succeeds: sets the status first.
NTSTATUS FdoAgree(PDEVICE_OBJECT lower, PIRP irp);

// The end of an FDO: gives REMOVE to the drivers below and waits for them, detaches, completes the
// IRP and deletes the device object. The driver has let go of everything else before.
NTSTATUS FdoRemove(PDEVICE_OBJECT self, PDEVICE_OBJECT lower, PIRP irp);

// Adds the devices to the relations that IRP_MN_QUERY_DEVICE_RELATIONS carries (those of drivers
// above are kept) and references each. The IRP is not completed; its status is not touched.
NTSTATUS PdoAddRelations(PIRP irp, PDEVICE_OBJECT const *devices, ULONG count);

// An FDO's IRP_MN_QUERY_DEVICE_RELATIONS: for BusRelations adds its children, then gives the IRP to
// the drivers below; other relations only pass. Completes the IRP itself when memory is short.
NTSTATUS FdoBusRelations(PDEVICE_OBJECT lower, PIRP irp, PDEVICE_OBJECT const *children,
                         ULONG count);

// Answers QUERY_ID or QUERY_DEVICE_TEXT: one string, or a multi-string that ends with an empty one.
// The text is ASCII. Sets Information; returns the status to complete with.
NTSTATUS PdoAnswerString(PIRP irp, const char *text);
NTSTATUS PdoAnswerStrings(PIRP irp, const char *const *texts, ULONG count);

// An empty resource list with room for `count` descriptors, all counted. NULL without memory.
PCM_RESOURCE_LIST PdoNewResources(INTERFACE_TYPE bus, ULONG bus_number, ULONG count);
ULONG PdoResourcesBytes(ULONG count);

// The descriptors of a list's first full descriptor, and how many; zero for a NULL list.
PCM_PARTIAL_RESOURCE_DESCRIPTOR PdoDescriptors(PCM_RESOURCE_LIST list, PULONG count);

// Requirements that allow exactly what the list holds. NULL without memory.
PIO_RESOURCE_REQUIREMENTS_LIST PdoFixedRequirements(PCM_RESOURCE_LIST list);

// Descriptors. Memory of more than 4 GiB becomes CmResourceTypeMemoryLarge (a multiple of 256
// bytes); STATUS_INTEGER_OVERFLOW when no encoding fits.
NTSTATUS PdoMemory(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONGLONG start, ULONGLONG length,
                   USHORT flags);
VOID PdoPort(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONGLONG start, ULONG length,
             USHORT flags);
VOID PdoInterrupt(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONG source, BOOLEAN shared,
                  BOOLEAN latched);

// Length in bytes of a memory or port descriptor, 0 for other types; *start is where it begins.
ULONGLONG PdoRange(const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor, PULONGLONG start);

// Answers QUERY_CAPABILITIES for a device that is fixed, knows D0 and D3, and has this address.
NTSTATUS PdoAnswerCapabilities(PIRP irp, ULONG address);

// Answers QUERY_BUS_INFORMATION.
NTSTATUS PdoAnswerBus(PIRP irp, const GUID *type, INTERFACE_TYPE legacy, ULONG number);
