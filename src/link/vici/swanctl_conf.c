/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "link/vici/swanctl_conf.h"

#include "base/file.h"
#include "base/secret.h"
#include "link/vici/vici_message.h"

#include <stdio.h>
#include <string.h>

enum { NAME_CAP = 128, VALUE_CAP = 4096, PATH_CAP = 4096, FILE_MAX = UINT16_MAX, DEPTH_MAX = 8 };

/* Where in the file one is. */
enum place {
    ELSEWHERE,
    TOP,
    CONNECTIONS,
    CONNECTION, /* the one that is looked for, and what is in it: */
    CHILDREN,
    CHILD,
    PARTY /* local and remote */
};

struct scan {
    const struct qw_swanctl_source *source;
    struct qw_swanctl_connection *connection;
    struct qw_writer w;
    size_t at, line;
    bool is_found, is_required;
    char *why;
};

static qw_err wrong(const struct scan *s, const char *what)
{
    (void)snprintf(s->why, QW_SWANCTL_WHY_CAP, "line %zu: %s", s->line, what);
    return QW_ERR_FORMAT;
}

static int peek(const struct scan *s)
{
    return s->at < s->source->len ? (unsigned char)s->source->text[s->at] : -1;
}

static int take(struct scan *s)
{
    int c = peek(s);

    if (c >= 0) {
        s->at++;
        s->line += c == '\n';
    }
    return c;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_line(struct scan *s)
{
    while (peek(s) >= 0 && peek(s) != '\n') {
        (void)take(s);
    }
}

static void skip_space(struct scan *s)
{
    for (;;) {
        if (peek(s) == '#') {
            skip_line(s);
        } else if (is_blank(peek(s)) || peek(s) == '\n') {
            (void)take(s);
        } else {
            return;
        }
    }
}

static qw_err read_name(struct scan *s, char name[static NAME_CAP])
{
    size_t len = 0;

    while (peek(s) > ' ' && strchr("{}=#\":,", peek(s)) == NULL) {
        if (len == NAME_CAP - 1) {
            return wrong(s, "a name is too long");
        }
        name[len++] = (char)take(s);
    }
    name[len] = '\0';
    return len > 0 ? QW_OK : wrong(s, "a name is missing");
}

static char escaped(int c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return (char)c;
    }
}

static qw_err read_quoted(struct scan *s, char value[static VALUE_CAP])
{
    size_t len = 0;

    (void)take(s);
    for (int c = take(s); c != '"'; c = take(s)) {
        int next = c == '\\' ? take(s) : c;

        if (next <= 0 || len == VALUE_CAP - 1) {
            return wrong(s, next < 0 ? "a quote does not end" : "a value is too long");
        }
        if (c != '\\' || next != '\n') {
            value[len++] = c == '\\' ? escaped(next) : (char)next;
        }
    }
    value[len] = '\0';
    while (is_blank(peek(s))) {
        (void)take(s);
    }
    return peek(s) < 0 || strchr("\n#}", peek(s)) != NULL
               ? QW_OK
               : wrong(s, "something follows a quoted value");
}

static qw_err read_value(struct scan *s, char value[static VALUE_CAP])
{
    size_t len = 0, kept = 0;

    while (is_blank(peek(s))) {
        (void)take(s);
    }
    if (peek(s) == '"') {
        return read_quoted(s, value);
    }
    while (peek(s) >= 0 && strchr("\n#}", peek(s)) == NULL) {
        int c = take(s);

        if (c == '\0' || c == '"' || len == VALUE_CAP - 1) {
            return wrong(s, len == VALUE_CAP - 1 ? "a value is too long" : "an odd character");
        }
        value[len++] = (char)c;
        kept = is_blank(c) ? kept : len;
    }
    value[kept] = '\0';
    return QW_OK;
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

/* What swanctl splits at commas, and where it looks for the files of those that are files. */
static const char *const lists[] = { "local_addrs", "remote_addrs", "proposals",   "esp_proposals",
                                     "local_ts",    "remote_ts",    "vips",        "pools",
                                     "groups",      "ah_proposals", "cert_policy", NULL };
static const char *const files[] = { "certs", "cacerts", "pubkeys", NULL };

static const char *folder_of(const char *name)
{
    return strcmp(name, "certs") == 0 ? "x509" : strcmp(name, "cacerts") == 0 ? "x509ca" : "pubkey";
}

static qw_err put_file(struct scan *s, const char *name, const char *file)
{
    char path[PATH_CAP];
    uint8_t *data = NULL;
    size_t len = 0;
    int needed;

    if (s->source->folder == NULL) {
        return wrong(s, "no files here");
    }
    needed = file[0] == '/' ? snprintf(path, sizeof path, "%s", file)
                            : snprintf(path, sizeof path, "%s/%s/%s", s->source->folder,
                                       folder_of(name), file);
    if (needed < 0 || (size_t)needed >= sizeof path ||
        qw_file_read(path, FILE_MAX, &data, &len) != QW_OK) {
        return wrong(s, "a file of certs, cacerts or pubkeys cannot be read");
    }
    qw_vici_item(&s->w, data, len);
    qw_secret_free(data);
    return QW_OK;
}

/* Of the child's remote_ts. A text too long for a network is none, and kept as far as it goes. */
static void note_network(struct scan *s, const char *item)
{
    struct qw_swanctl_connection *c = s->connection;
    int len = (int)strcspn(item, "[");

    if (c->network_count < QW_SWANCTL_NETWORKS_MAX) {
        (void)snprintf(c->networks[c->network_count], QW_SWANCTL_NETWORK_CAP, "%.*s", len, item);
    }
    c->network_count++;
}

static qw_err put_list(struct scan *s, const char *name, char *value)
{
    qw_err err = QW_OK;
    char *rest = NULL;

    qw_vici_list(&s->w, name);
    for (char *item = strtok_r(value, ", \t", &rest); err == QW_OK && item != NULL;
         item = strtok_r(NULL, ", \t", &rest)) {
        if (is_among(name, files)) {
            err = put_file(s, name, item);
        } else {
            qw_vici_item(&s->w, item, strlen(item));
        }
        if (strcmp(name, "remote_ts") == 0) {
            note_network(s, item);
        }
    }
    qw_vici_list_end(&s->w);
    return err;
}

static bool is_yes(const char *value)
{
    static const char *const yes[] = { "yes", "true", "enabled", "1", NULL };

    return is_among(value, yes);
}

static qw_err put_value(struct scan *s, enum place place, const char *name, char *value)
{
    static const char *const actions[] = { "start_action", "close_action", NULL };

    if (strcmp(name, "ppk_id") == 0) {
        return wrong(s, "no ppk_id: the agent sets it");
    }
    if (place == CONNECTION && strcmp(name, "ppk_required") == 0) {
        s->is_required = is_yes(value);
    }
    if ((place == CONNECTION && strcmp(name, "unique") == 0) || value[0] == '\0' ||
        (place == CHILD && s->source->is_started_by_agent && is_among(name, actions))) {
        return QW_OK;
    }
    if (is_among(name, lists) || is_among(name, files)) {
        return put_list(s, name, value);
    }
    qw_vici_text(&s->w, name, value);
    return QW_OK;
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Where a section leads that is called so. */
static enum place enter(enum place place, const char *name, const char *connection)
{
    switch (place) {
    case TOP:
        return strcmp(name, "connections") == 0 ? CONNECTIONS : ELSEWHERE;
    case CONNECTIONS:
        return strcmp(name, connection) == 0 ? CONNECTION : ELSEWHERE;
    case CONNECTION:
        if (strcmp(name, "children") == 0) {
            return CHILDREN;
        }
        return begins(name, "local") || begins(name, "remote") ? PARTY : ELSEWHERE;
    case CHILDREN:
        return CHILD;
    default:
        return ELSEWHERE;
    }
}

static qw_err note_child(struct scan *s, const char *name)
{
    struct qw_swanctl_connection *c = s->connection;

    if (c->child_count == QW_SWANCTL_CHILDREN_MAX || strlen(name) >= QW_SWANCTL_NAME_CAP) {
        return wrong(s, "too many children, or one with too long a name");
    }
    memcpy(c->children[c->child_count++], name, strlen(name) + 1);
    return QW_OK;
}

static qw_err read_section(struct scan *s, enum place place, size_t depth);

static qw_err read_subsection(struct scan *s, enum place outer, const char *name, size_t depth)
{
    enum place inner = enter(outer, name, s->source->connection);
    size_t networks = s->connection->network_count;
    qw_err err = QW_OK;

    (void)take(s);
    if (depth == DEPTH_MAX) {
        return wrong(s, "sections are too deep");
    }
    if (outer >= CONNECTION && inner == ELSEWHERE) {
        return wrong(s, "a section that has no place in a connection here");
    }
    if (inner == CONNECTION) {
        err = s->is_found ? wrong(s, "the connection is there twice") : QW_OK;
        s->is_found = true;
    } else if (inner > CONNECTION) {
        qw_vici_section(&s->w, name);
        err = inner == CHILD ? note_child(s, name) : QW_OK;
    }
    if (err == QW_OK) {
        err = read_section(s, inner, depth + 1);
    }
    if (inner == CHILD && s->connection->network_count == networks) {
        note_network(s, "dynamic"); /* what a child has that says nothing */
    }
    if (err == QW_OK && inner > CONNECTION) {
        qw_vici_section_end(&s->w);
    }
    return err;
}

/* One value or section, with its name. */
static qw_err read_entry(struct scan *s, enum place place, size_t depth)
{
    char name[NAME_CAP], value[VALUE_CAP];
    qw_err err = read_name(s, name);
    bool is_copied = place >= CONNECTION;

    if (err != QW_OK) {
        return err;
    }
    skip_space(s);
    if (strcmp(name, "include") == 0 && peek(s) != '=' && peek(s) != '{') {
        skip_line(s);
        return is_copied ? wrong(s, "no include inside the connection") : QW_OK;
    }
    if (peek(s) == ':') {
        while (peek(s) >= 0 && peek(s) != '{' && peek(s) != '\n') {
            (void)take(s);
        }
        if (is_copied || enter(place, name, s->source->connection) == CONNECTION) {
            return wrong(s, "no reference to another section here");
        }
    }
    if (peek(s) == '{') {
        return read_subsection(s, place, name, depth);
    }
    if (take(s) != '=') {
        return wrong(s, "neither a value nor a section");
    }
    err = read_value(s, value);
    return err == QW_OK && is_copied ? put_value(s, place, name, value) : err;
}

static qw_err read_section(struct scan *s, enum place place, size_t depth)
{
    qw_err err = QW_OK;

    while (err == QW_OK) {
        skip_space(s);
        if (peek(s) < 0) {
            return depth == 0 ? QW_OK : wrong(s, "a section does not end");
        }
        if (peek(s) == '}') {
            (void)take(s);
            return depth > 0 ? QW_OK : wrong(s, "an end without a section");
        }
        err = read_entry(s, place, depth);
    }
    return err;
}

qw_err qw_swanctl_connection_read(const struct qw_swanctl_source *source,
                                  struct qw_swanctl_connection *connection,
                                  char why[static QW_SWANCTL_WHY_CAP])
{
    struct scan s = { .source = source, .connection = connection, .line = 1, .why = why };
    qw_err err;

    connection->child_count = 0;
    connection->network_count = 0;
    s.w = qw_writer_on(connection->body, sizeof connection->body);
    err =
        source->len > QW_SWANCTL_TEXT_MAX ? wrong(&s, "too long a file") : read_section(&s, TOP, 0);
    if (err != QW_OK) {
        return err;
    }
    if (!s.is_found) {
        (void)snprintf(why, QW_SWANCTL_WHY_CAP, "no connection of that name");
        return QW_ERR_NOT_FOUND;
    }
    if (!s.is_required || connection->child_count == 0 || s.w.failed) {
        (void)snprintf(why, QW_SWANCTL_WHY_CAP, "the connection %s",
                       s.w.failed       ? "is too long"
                       : !s.is_required ? "must say ppk_required = yes"
                                        : "has no child");
        return QW_ERR_FORMAT;
    }
    connection->len = s.w.len;
    return QW_OK;
}
