/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/card_name.h"

#include "api/url.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

static const char token_scheme[] = "pkcs11:";
static const char reader_scheme[] = "pcsc:";
static const char registered_modules[] = "p11-kit-proxy.so";

/* One attribute NAME=VALUE of len characters goes to the member of that name; once, not empty. */
static qw_err read_attribute(const char *text, size_t len, struct qw_card_name *name,
                             char separator)
{
    const struct {
        const char *name;
        char separator; /* of the part where it may stand */
        char *value;
        size_t cap;
    } known[] = { { "token", ';', name->token, sizeof name->token },
                  { "object", ';', name->object, sizeof name->object },
                  { "module-path", '&', name->module, sizeof name->module } };
    const char *equals = memchr(text, '=', len);
    size_t name_len;

    if (equals == NULL) {
        return QW_ERR_FORMAT;
    }
    name_len = (size_t)(equals - text);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].separator == separator && strlen(known[i].name) == name_len &&
            qw_equal_ct(known[i].name, text, name_len)) {
            if (known[i].value[0] != '\0' || name_len + 1 == len) {
                return QW_ERR_FORMAT;
            }
            return qw_url_decode(equals + 1, len - name_len - 1, known[i].value, known[i].cap) ==
                           QW_OK
                       ? QW_OK
                       : QW_ERR_FORMAT;
        }
    }
    return QW_ERR_FORMAT;
}

static qw_err read_attributes(const char *text, size_t len, char separator,
                              struct qw_card_name *name)
{
    const char *end = text + len;
    qw_err err = QW_OK;

    while (err == QW_OK && text < end) {
        const char *stop = memchr(text, separator, (size_t)(end - text));

        if (stop == NULL) {
            stop = end;
        }
        err = read_attribute(text, (size_t)(stop - text), name, separator);
        text = stop + 1;
    }
    return err;
}

/* RFC 7512: attributes of the path between ';', those of the query between '&'. */
static qw_err read_token_uri(const char *text, struct qw_card_name *name)
{
    const char *query = strchr(text, '?');
    size_t path_len = query != NULL ? (size_t)(query - text) : strlen(text);
    qw_err err = read_attributes(text, path_len, ';', name);

    if (err == QW_OK && query != NULL) {
        err = read_attributes(query + 1, strlen(query + 1), '&', name);
    }
    if (err == QW_OK && (name->token[0] == '\0' || name->object[0] == '\0')) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK && name->module[0] == '\0') {
        memcpy(name->module, registered_modules, sizeof registered_modules);
    }
    return err;
}

enum qw_card_kind qw_card_name_kind(const char *text)
{
    return strncmp(text, token_scheme, strlen(token_scheme)) == 0     ? QW_CARD_ON_TOKEN
           : strncmp(text, reader_scheme, strlen(reader_scheme)) == 0 ? QW_CARD_IN_READER
                                                                      : QW_CARD_IN_FILE;
}

qw_err qw_card_name_read(const char *text, struct qw_card_name *out)
{
    struct qw_card_name name = { .kind = qw_card_name_kind(text) };
    qw_err err = QW_OK;

    if (name.kind == QW_CARD_ON_TOKEN) {
        err = read_token_uri(text + strlen(token_scheme), &name);
    } else if (name.kind == QW_CARD_IN_READER &&
               (size_t)snprintf(name.reader, sizeof name.reader, "%s",
                                text + strlen(reader_scheme)) >= sizeof name.reader) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *out = name;
    }
    return err;
}
