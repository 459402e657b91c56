/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_HTTP_FORM_H
#define QW_TESTS_FUZZ_HANDLER_HTTP_FORM_H

#include "http_input.h"

#include <cjson/cJSON.h>

/* The form of an answer: JSON, a status its interface knows, the Error schema of docs/openapi.yaml
 * from 400 on. Ends the program when it is another. Gives the parsed body, to be deleted. */
cJSON *http_form_check(const struct http_asked *asked, const struct qw_http_answer *answer);

/* The text called name; ends the program when there is none. */
const char *http_form_text(const cJSON *object, const char *name);

/* The key in {id_name, key_name}: UUID and base64, or digits alone. */
void http_form_key(const cJSON *object, bool is_hex, struct ledger_key *key);

/* Whether the request is for pattern ("/key/{}"), and its parameters, decoded. method NULL: any. */
bool http_form_is(const struct http_asked *asked, const char *method, const char *pattern,
                  char parameter[2][64]);

#endif
