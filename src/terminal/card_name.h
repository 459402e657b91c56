/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_NAME_H
#define QW_TERMINAL_CARD_NAME_H

#include "base/error.h"

/* How users name a card, wherever a setting or an option takes one:
 *     PATH                                                   a file
 *     pkcs11:token=LABEL;object=LABEL[?module-path=PATH]     objects on a token, as an RFC 7512 URI
 *     pcsc:READER                                            a card in a PC/SC reader; READER is
 * the beginning of its name, empty: any Without module-path the modules that are registered on this
 * machine are asked. */
enum qw_card_kind { QW_CARD_IN_FILE, QW_CARD_ON_TOKEN, QW_CARD_IN_READER };
enum { QW_CARD_LABEL_CAP = 33, QW_CARD_MODULE_CAP = 1024, QW_CARD_READER_CAP = 128 };

struct qw_card_name {
    enum qw_card_kind kind;
    char token[QW_CARD_LABEL_CAP], object[QW_CARD_LABEL_CAP];
    char module[QW_CARD_MODULE_CAP];
    char reader[QW_CARD_READER_CAP];
};

/* By its beginning alone. */
enum qw_card_kind qw_card_name_kind(const char *text);
/* QW_ERR_FORMAT: a URI that is malformed, lacks token or object, or has an attribute that we do not
 * follow; a PIN among them, which belongs into a file. *name is untouched on failure. */
qw_err qw_card_name_read(const char *text, struct qw_card_name *name) QW_MUST_USE;

#endif
