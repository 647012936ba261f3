// SPDX-License-Identifier: MIT
// Splitting a line. A backslash is an ordinary character (paths have them); two quotes inside
// quotes are not special: "a""b" is ab.
#include "shell.h"

struct splitter {
    char *out, *end; /* of the buffer */
    char **words;
    int count;
    bool in_word, in_quotes;
};

static bool start_word(struct splitter *s)
{
    if (s->in_word)
        return true;
    if (s->count == SHELL_WORDS - 1)
        return false;
    s->words[s->count++] = s->out;
    s->in_word = true;
    return true;
}

static bool put(struct splitter *s, char c)
{
    if (s->out == s->end)
        return false;
    *s->out++ = c;
    return true;
}

/* One character that is not the end; false on an error. */
static bool step(struct splitter *s, char c)
{
    if (c == '"') {
        s->in_quotes = !s->in_quotes;
        return start_word(s);
    }
    if ((c == ' ' || c == '\t') && !s->in_quotes) {
        bool fits = !s->in_word || put(s, '\0');
        s->in_word = false;
        return fits;
    }
    return start_word(s) && put(s, c);
}

int words_next(const char **line, char *buffer, size_t size, char **words)
{
    struct splitter s = {.out = buffer, .end = buffer + size, .words = words};
    const char *at = *line;
    for (; *at != '\0' && (*at != ';' || s.in_quotes); at++) {
        if (!step(&s, *at))
            return -1;
    }
    if (s.in_quotes || (s.in_word && !put(&s, '\0')))
        return -1;
    *line = *at == ';' ? at + 1 : at;
    words[s.count] = nullptr;
    return s.count;
}
