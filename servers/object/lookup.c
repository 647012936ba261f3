// SPDX-License-Identifier: MIT
// Walking a path. Invariant: `walk->path` always holds the whole path that is still meant, so a
// symbolic link is followed by writing target + rest back into it and starting over at the root;
// the number of links bounds the loop.
#include "namespace.h"
#include <string.h>

static struct ob_name dos_devices(struct ob_name name)
{
    if (name.length == 2 && name.text[0] == '?' && name.text[1] == '?')
        return (struct ob_name){"DosDevices", 10};
    return name;
}

/* Replaces the path by target + rest. */
static ash_status follow(struct ob_walk *walk, const char *target, const char *rest)
{
    if (++walk->links > OB_LINKS_MAX)
        return STATUS_REPARSE_POINT_NOT_RESOLVED;
    size_t head = strlen(target), tail = strlen(rest);
    if (head + tail >= sizeof(walk->path))
        return STATUS_OBJECT_NAME_INVALID;
    memmove(walk->path + head, rest, tail + 1);
    memcpy(walk->path, target, head);
    return STATUS_SUCCESS;
}

/* One pass from the root. *link is set if it stopped at a symbolic link that is to be followed. */
static ash_status pass(struct ob_walk *walk, bool follow_last, bool *link)
{
    struct ob_place *place = &walk->place;
    const char *rest = walk->path;
    *place = (struct ob_place){.object = ob_root(), .rest = rest};
    *link = false;
    if (!ob_separator(*rest))
        return STATUS_OBJECT_PATH_INVALID;
    while (place->object->type == ASH_OB_TYPE_DIRECTORY && !ob_path_ends(rest)) {
        struct ob_name name = ob_name_next(&rest);
        if (name.length == 0 || name.length > OB_NAME_MAX)
            return STATUS_OBJECT_NAME_INVALID;
        struct ob_object *parent = place->object;
        if (parent == ob_root())
            name = dos_devices(name);
        *place = (struct ob_place){ob_child(parent, name), parent, name, rest};
        if (place->object == nullptr)
            return ob_path_ends(rest) ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
    }
    *link = place->object->type == ASH_OB_TYPE_SYMLINK && (follow_last || !ob_path_ends(rest));
    return STATUS_SUCCESS;
}

ash_status ob_walk(struct ob_walk *walk, const char *path, bool follow_last)
{
    if (strlen(path) >= sizeof(walk->path))
        return STATUS_OBJECT_NAME_INVALID;
    strcpy(walk->path, path);
    walk->links = 0;
    for (;;) {
        bool link;
        ash_status status = pass(walk, follow_last, &link);
        if (!ash_success(status) || !link)
            return status;
        status = follow(walk, walk->place.object->target, walk->place.rest);
        if (!ash_success(status))
            return status;
    }
}

ash_status ob_lookup(const char *path, struct ash_ob_lookup_reply *reply)
{
    struct ob_walk walk;
    ash_status status = ob_walk(&walk, path, true);
    if (!ash_success(status))
        return status;
    const struct ob_object *object = walk.place.object;
    *reply = (struct ash_ob_lookup_reply){
        .id = object->id, .type = object->type, .owner = object->owner, .cookie = object->cookie};
    if (object->type != ASH_OB_TYPE_DIRECTORY)
        strcpy(reply->rest, walk.place.rest);
    return STATUS_SUCCESS;
}

ash_status ob_query_link(const char *path, char *target, size_t bytes)
{
    struct ob_walk walk;
    ash_status status = ob_walk(&walk, path, false);
    if (!ash_success(status))
        return status;
    const struct ob_object *object = walk.place.object;
    if (object->type != ASH_OB_TYPE_SYMLINK)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (strlen(object->target) >= bytes)
        return STATUS_BUFFER_TOO_SMALL;
    strcpy(target, object->target);
    return STATUS_SUCCESS;
}

ash_status ob_enumerate(const char *path, ash_word index, struct ash_ob_entry_reply *reply)
{
    struct ob_walk walk;
    ash_status status = ob_walk(&walk, path, true);
    if (!ash_success(status))
        return status;
    if (walk.place.object->type != ASH_OB_TYPE_DIRECTORY)
        return STATUS_OBJECT_TYPE_MISMATCH;
    const struct ob_object *child = walk.place.object->children;
    while (child != nullptr && index-- > 0)
        child = child->sibling;
    if (child == nullptr)
        return STATUS_NO_MORE_ENTRIES;
    *reply = (struct ash_ob_entry_reply){
        .id = child->id, .type = child->type, .references = child->handles};
    strcpy(reply->name, child->name);
    if (child->target != nullptr)
        strcpy(reply->target, child->target);
    return STATUS_SUCCESS;
}
