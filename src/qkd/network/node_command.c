/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/node_command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    size_t numbers;
} verbs[QW_NODE_VERBS] = {
    [QW_NODE_DELIVER] = { "deliver", 3 }, [QW_NODE_HOLD] = { "hold", 0 },
    [QW_NODE_CUT] = { "cut", 1 },         [QW_NODE_MEND] = { "mend", 1 },
    [QW_NODE_LINKS] = { "links", 0 },     [QW_NODE_UNDER_WAY] = { "under-way", 0 },
    [QW_NODE_STATUS] = { "status", 0 },   [QW_NODE_END] = { "end", 0 },
};

size_t qw_node_command_encode(const struct qw_node_command *command,
                              char line[static QW_NODE_LINE_MAX + 1])
{
    const uint32_t number[QW_NODE_NUMBERS_MAX] = { command->node, command->keys,
                                                   command->per_second };
    size_t len;

    qw_assert((unsigned)command->verb < QW_NODE_VERBS);
    len = (size_t)snprintf(line, QW_NODE_LINE_MAX + 1, "%s", verbs[command->verb].word);
    for (size_t i = 0; i < verbs[command->verb].numbers; i++) {
        len += (size_t)snprintf(line + len, QW_NODE_LINE_MAX + 1 - len, " %u", number[i]);
    }
    return len;
}

/* A space and a number; moves on. */
static bool read_number(const char **at, const char *end, uint64_t max, uint32_t *number)
{
    const char *c = *at;
    uint64_t value = 0;

    if (end - c < 2 || *c++ != ' ' || (*c == '0' && c + 1 < end && c[1] != ' ')) {
        return false;
    }
    if (*c < '0' || *c > '9') {
        return false;
    }
    for (; c < end && *c >= '0' && *c <= '9'; c++) {
        value = 10 * value + (uint64_t)(*c - '0');
        if (value > max) {
            return false;
        }
    }
    *at = c;
    *number = (uint32_t)value;
    return true;
}

static bool find_verb(const char *line, size_t len, enum qw_node_verb *verb)
{
    for (size_t i = 0; i < QW_NODE_VERBS; i++) {
        size_t word_len = strlen(verbs[i].word);

        if (len >= word_len && strncmp(line, verbs[i].word, word_len) == 0 &&
            (len == word_len || line[word_len] == ' ')) {
            *verb = (enum qw_node_verb)i;
            return true;
        }
    }
    return false;
}

qw_err qw_node_command_decode(const char *line, size_t len, struct qw_node_command *out)
{
    static const uint64_t max[QW_NODE_NUMBERS_MAX] = { UINT32_MAX, QW_NODE_ORDER_KEYS_MAX,
                                                       QW_NODE_RATE_MAX };
    uint32_t number[QW_NODE_NUMBERS_MAX] = { 0 };
    enum qw_node_verb verb;
    const char *at;

    if (len > QW_NODE_LINE_MAX || !find_verb(line, len, &verb)) {
        return QW_ERR_FORMAT;
    }
    at = line + strlen(verbs[verb].word);
    for (size_t i = 0; i < verbs[verb].numbers; i++) {
        if (!read_number(&at, line + len, max[i], &number[i])) {
            return QW_ERR_FORMAT;
        }
    }
    if (at != line + len || (verb == QW_NODE_DELIVER && number[1] == 0)) {
        return QW_ERR_FORMAT;
    }
    *out = (struct qw_node_command){ verb, number[0], number[1], number[2] };
    return QW_OK;
}
