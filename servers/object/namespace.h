// SPDX-License-Identifier: MIT
/*
 * The tree of named objects, without its message face. One namespace a process; single-threaded.
 * Statuses are those of abi/object.h. Strings given in are copied; ids are never reused.
 */
#ifndef OBJECT_NAMESPACE_H
#define OBJECT_NAMESPACE_H

#include "name.h"
#include "object.h"
#include "status.h"

#define OB_OBJECTS_MAX 4096u /* live objects; over it STATUS_INSUFFICIENT_RESOURCES */
#define OB_LINKS_MAX   32u   /* symbolic links followed in one look-up */

struct ob_object {
    ash_word id, type, owner, cookie, handles;
    bool permanent;
    char name[OB_NAME_MAX + 1];
    char *target;                         /* of a symbolic link, owned */
    struct ob_object *parent;             /* null: the root, or an object whose name is gone */
    struct ob_object *children, *sibling; /* in order of insertion */
    struct ob_object *next;               /* all live objects */
};

/* Makes the empty namespace with the directories of abi/object.h. Anything before is freed. */
[[nodiscard]] ash_status ob_initialize(void);

[[nodiscard]] ash_status ob_insert(ash_word owner, const struct ash_ob_insert_request *request,
                                   ash_word *id);
/* The name goes at once; the object with its last handle. A directory must be empty. */
[[nodiscard]] ash_status ob_remove(ash_word owner, ash_word id);
[[nodiscard]] ash_status ob_lookup(const char *path, struct ash_ob_lookup_reply *reply);
[[nodiscard]] ash_status ob_symlink(ash_word owner, const char *path, const char *target);
[[nodiscard]] ash_status ob_unlink(ash_word owner, const char *path);
[[nodiscard]] ash_status ob_query_link(const char *path, char *target, size_t bytes);
[[nodiscard]] ash_status ob_enumerate(const char *path, ash_word index,
                                      struct ash_ob_entry_reply *reply);
[[nodiscard]] ash_status ob_make_directory(ash_word owner, const char *path, ash_word *id);
[[nodiscard]] ash_status ob_reference(ash_word owner, ash_word id);
[[nodiscard]] ash_status ob_dereference(ash_word owner, ash_word id, ash_word *count);

/* --- between the files of this folder ------------------------------------------------------- */

/* Where a walk over a path ended. */
struct ob_place {
    struct ob_object *object; /* what was found, or null */
    struct ob_object *parent; /* directory that holds it or would hold it */
    struct ob_name last;      /* name of the last component that was looked at */
    const char *rest;         /* behind it; points into the walker's buffer */
};
struct ob_walk {
    char path[ASH_STRING]; /* the path as it stands after the links followed so far */
    unsigned links;
    struct ob_place place;
};

/* Walks `path`. follow_last: a symbolic link in the last component is followed as well.
 * STATUS_OBJECT_NAME_NOT_FOUND leaves place.parent and place.last for an insertion. */
[[nodiscard]] ash_status ob_walk(struct ob_walk *walk, const char *path, bool follow_last);
[[nodiscard]] struct ob_object *ob_root(void);
[[nodiscard]] struct ob_object *ob_child(const struct ob_object *directory, struct ob_name name);

#endif
