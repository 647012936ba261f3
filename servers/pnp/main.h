// SPDX-License-Identifier: MIT
/*
 * Between main.c, port.c, request.c and root.c: the task's own signals. Bits of its Notification:
 *
 *      31 .. 0   doorbells of links (link id modulo 32)
 *           32   the process manager has events     33  the timer
 *           34   the I/O manager has events         35  the IOMMU refused something
 *     40 .. 63   shared interrupt lines
 */
#ifndef PNP_MAIN_H
#define PNP_MAIN_H

#include "ash/server.h"

#define PNP_BIT_DOORBELLS ((ash_word)0xffffffff)
#define PNP_BIT_PROCESS   ((ash_word)1 << 32)
#define PNP_BIT_TIMER     ((ash_word)1 << 33)
#define PNP_BIT_IO        ((ash_word)1 << 34)
#define PNP_BIT_FAULT     ((ash_word)1 << 35)
#define PNP_BIT_LINE      ((ash_word)1 << 40)
#define PNP_LINE_SHIFT    40u

/* Badge of the capabilities that acknowledge a shared interrupt: this and the connection. */
#define PNP_ACK_BADGE ((ash_word)1 << 63)

/* A capability that signals these bits of the task's Notification, in a slot of its own; 0: none.
 */
[[nodiscard]] ash_cptr main_doorbell(ash_word bits);
extern ash_cptr main_notification;

void port_links_rang(void);

/* request.c */
extern const struct ash_operation request_operations[];
extern const unsigned request_operation_count;
/* Answers those who waited for ASH_PNP_SETTLED, a driver or an event, if it is so. */
void request_settled(struct ash_server *server);
/* request_operate.c */
void request_operate_settled(struct ash_server *server);
ash_status request_operate(struct ash_server *server, struct ash_caller *caller);
ash_status request_eject(struct ash_server *server, struct ash_caller *caller);
ash_status request_watch_target(struct ash_server *server, struct ash_caller *caller);
ash_status request_answer_event(struct ash_server *server, struct ash_caller *caller);
ash_status request_report_change(struct ash_server *server, struct ash_caller *caller);
ash_status request_get_property_data(struct ash_server *server, struct ash_caller *caller);
ash_status request_set_property_data(struct ash_server *server, struct ash_caller *caller);
/* What a task that has ended was waiting for is forgotten. */
void request_task_gone(struct ash_server *server, ash_word task);

/* unload.c: ASH_PNP_UNLOAD, and the answers to those who wait for it. */
[[nodiscard]] ash_status unload_request(struct ash_server *server, struct ash_caller *caller);
void unload_answer(struct ash_server *server);

/* restart.c: ASH_PNP_RESTART, and the answers to those who wait for it. */
[[nodiscard]] ash_status restart_request(struct ash_server *server, struct ash_caller *caller);
void restart_answer(struct ash_server *server);

/* package.c: reads every INF of the boot package into the database. */
void package_read(void);
/* A file of that path is in the boot package. */
[[nodiscard]] bool package_holds(const char *path);

/* root.c: this manager as the driver of the root device's PDO. */
void root_register(void);
void root_rang(void);

#endif
