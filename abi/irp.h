// SPDX-License-Identifier: MIT
/*
 * How each major function travels in struct ash_request / ash_answer. Names, values and meanings
 * are those of IO_STACK_LOCATION.Parameters in the Windows driver documentation; what is a pointer
 * there is inline data or a grant here. p0..p3 = parameter[]; in = inline data in; out = inline
 * data out; I = answer.information; r0, r1 = answer.result[].
 *
 * major                   p0              p1               p2            p3        data
 * CREATE (00)             access|share<<32 disposition<<24  attributes    link id   in: rest of the
 *                                          |options                     of the file name, UTF-8
 * CLEANUP, CLOSE                                                                  -
 * READ (03), WRITE (04)   Length          ByteOffset       Key                    grant
 * QUERY_INFORMATION (05)  Length          class                                   grant or out
 * SET_INFORMATION (06)    Length          class                                   grant or in; a
 * rename carries FILE_RENAME_INFORMATION FLUSH_BUFFERS (09), SHUTDOWN (10): file 0 = the whole
 * volume (before power goes) QUERY_VOLUME_INFORMATION (0a) Length    class grant or out
 * DIRECTORY_CONTROL (0c)  Length          class            FileIndex              in: pattern,
 * UTF-8 minor 1 QUERY_DIRECTORY                                                       grant or out:
 * answer FILE_SYSTEM_CONTROL (0d), DEVICE_CONTROL (0e), INTERNAL_DEVICE_CONTROL (0f) OutputLength
 * InputLength      code                   METHOD_BUFFERED: input in `in` and output in `out` where
 * both fit inline_bytes, else both in the grant (input at grant_offset, output returned at the same
 * place). IN_DIRECT, OUT_DIRECT, NEITHER: the input is the first InputLength bytes of `in`, or at
 * input_offset of input_grant; the output is the grant, or, without one, behind the input in `in`
 * (at the next multiple of 8: its contents before) and returned whole in `out`, whatever the
 * status. minor 1 MOUNT_VOLUME (control link only): device = the file system's control
 * device, volume device                                           in: struct ash_device_info of the
 * top of the volume's stack; r0 = id of the mounted volume's device object. POWER (16) Type (0
 * system, 1 device)  State  ShutdownType  SystemContext SYSTEM_CONTROL (17)     reserved PNP (1b)
 * by minor code: START_DEVICE          bytes raw       bytes translated                        in:
 * both CM_RESOURCE_LISTs QUERY_DEVICE_RELATIONS relation type out: u64 device ids
 *   QUERY_CAPABILITIES                                                            in, out:
 * DEVICE_CAPABILITIES QUERY_RESOURCES out: CM_RESOURCE_LIST QUERY_RESOURCE_REQUIREMENTS,
 * FILTER_RESOURCE_REQUIREMENTS                      in (FILTER), out: IO_RESOURCE_REQUIREMENTS_LIST
 *   QUERY_DEVICE_TEXT     text type       locale                                  out: UTF-16, zero
 * ended QUERY_ID              id type                                                 out: UTF-16,
 * multi-string for lists READ_CONFIG           WhichSpace      Offset           Length out: the
 * bytes WRITE_CONFIG          WhichSpace      Offset           Length                 in: the bytes
 *   QUERY_PNP_DEVICE_STATE                                                        I: the flags
 *   QUERY_BUS_INFORMATION                                                         out:
 * PNP_BUS_INFORMATION DEVICE_USAGE_NOTIFICATION  type       InPath QUERY_INTERFACE       not sent
 * across tasks except for the interfaces the kit proxies others                none For minor codes
 * with `out`, I is the number of bytes in `out`. The answer's status starts as STATUS_NOT_SUPPORTED
 * as documented: p-less minors that no driver handled come back with it.
 *
 * Kit majors, never seen by a driver:
 * ASH_MJ_ADD_DEVICE (PNP link)      device = the PDO; p0 != 0: its stack is started, and the START
 *     that this driver passes down ends at its neighbour     in: struct ash_device_info
 * ASH_MJ_LINK_ADDED (control link)  link id in: struct ash_link_info; the answerer
 * then calls ASH_IO_LINK_ACCEPT to get the requester's doorbell, and answers ASH_MJ_LINK_REMOVED
 * (control)     link id     The requester is gone. The answerer cancels and completes what came
 *     through it, forgets it and answers; its mapping of the ring ends after that
 * ASH_MJ_UNLOAD (control): run DriverUnload, answer, exit
 * ASH_MJ_PROBE (control): answered by the dispatch thread at once: "are you alive?"
 * ASH_MJ_DRAIN (control): takes no more requests from files and drivers above, from now on; I =
 *     how many of theirs it still owes
 * ASH_MJ_POWER_DONE (POWER link): p0 = number of an ASH_POWER_REQUEST, p1 = its status, p2 = 1 if
 *     it was a WAIT_WAKE that woke the system. An answer to IRP_MJ_POWER says that in r1
 */
#ifndef ABI_IRP_H
#define ABI_IRP_H

#include "link.h"

enum ash_kit_major {
    ASH_MJ_ADD_DEVICE = 0x80,
    ASH_MJ_LINK_ADDED = 0x81,
    ASH_MJ_LINK_REMOVED = 0x82,
    ASH_MJ_UNLOAD = 0x83,
    ASH_MJ_PROBE = 0x84,
    ASH_MJ_POWER_DONE = 0x85,
    ASH_MJ_DRAIN = 0x86,
};

/* What a task needs to know of a device object of another task, to make its proxy. */
struct ash_device_info {
    uint64_t device; /* id */
    uint64_t driver; /* task id of its driver */
    uint32_t device_type, characteristics;
    uint32_t flags, alignment; /* DEVICE_OBJECT.Flags, AlignmentRequirement */
    uint32_t stack_size, sector_size;
    char name[64]; /* full path in the namespace, or empty */
};

#endif
