/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_answer.h"

#include "api/json_writer.h"
#include "base/secret.h"

#include <string.h>

enum { FIRST_CAP = 4000 }; /* one page with the header of qw_secret_new */

qw_err qw_http_answer_write(struct qw_http_answer *answer, const void *data, size_t len)
{
    size_t cap = answer->body_cap == 0 ? FIRST_CAP : answer->body_cap;
    char *body;

    if (len > QW_HTTP_ANSWER_MAX - answer->body_len) {
        return QW_ERR_SPACE;
    }
    if (len > answer->body_cap - answer->body_len || answer->body == NULL) {
        while (cap < answer->body_len + len) {
            cap *= 2;
        }
        body = qw_secret_new(cap);
        if (body == NULL) {
            return QW_ERR_NOMEM;
        }
        if (answer->body != NULL) {
            memcpy(body, answer->body, answer->body_len);
            qw_secret_free(answer->body);
        }
        answer->body = body;
        answer->body_cap = cap;
    }
    if (len > 0) {
        memcpy(answer->body + answer->body_len, data, len);
    }
    answer->body_len += len;
    return QW_OK;
}

void qw_http_answer_take(struct qw_http_answer *answer, unsigned status, char *body, size_t len,
                         size_t cap)
{
    qw_http_answer_wipe(answer);
    answer->status = status;
    answer->content_type = "application/json";
    answer->body = body;
    answer->body_len = len;
    answer->body_cap = cap;
}

void qw_http_answer_error_detail(struct qw_http_answer *answer, unsigned status,
                                 const char *message, const char *name, const char *value)
{
    char text[1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_http_answer_wipe(answer);
    answer->status = status;
    answer->content_type = "application/json";
    qw_json_object_begin(&w);
    qw_json_name(&w, "message");
    qw_json_text(&w, message);
    if (name != NULL) {
        qw_json_name(&w, "details");
        qw_json_array_begin(&w);
        qw_json_object_begin(&w);
        qw_json_name(&w, name);
        qw_json_text(&w, value);
        qw_json_object_end(&w);
        qw_json_array_end(&w);
    }
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    if (qw_http_answer_write(answer, text, w.len) != QW_OK) {
        qw_http_answer_wipe(answer); /* no locked memory left: the status still says it */
    }
}

void qw_http_answer_error(struct qw_http_answer *answer, unsigned status, const char *message)
{
    qw_http_answer_error_detail(answer, status, message, NULL, NULL);
}

void qw_http_answer_wipe(struct qw_http_answer *answer)
{
    qw_secret_free(answer->body);
    answer->body = NULL;
    answer->body_len = 0;
    answer->body_cap = 0;
    answer->lent = NULL;
    answer->lent_len = 0;
    answer->cache_control = NULL;
    answer->entity_tag = NULL;
    answer->content_encoding = NULL;
    answer->headers = NULL;
}
