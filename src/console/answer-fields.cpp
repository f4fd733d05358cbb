#include "console/answer-fields.hpp"

#include <charconv>

namespace postroom::console {

std::vector<model::UploadId> uploads_in(Members const& members)
{
    std::vector<model::UploadId> ids;
    for (auto const& text : members.texts("attachments", most_files))
        ids.push_back({or_problem(parse_uuid(text), "attachments")});
    return ids;
}

std::vector<model::Upload> uploads_of(store::Connection& c, Caller const& caller, Members const& members)
{
    std::vector<model::Upload> uploads;
    std::int64_t octets = 0;
    for (auto const& id : uploads_in(members)) {
        auto const upload = store::upload(c, id, caller.name);
        if (!upload)
            throw Problem(Trouble::invalid, tr("there is no uploaded file {}, or not any more", to_string(id)),
                          "attachments");
        octets += upload->size;
        if (octets > desk::most_attached)
            throw Problem(Trouble::limit, tr("the files come to {} octets, and a mail of ours may have {}", octets,
                                             desk::most_attached));
        uploads.push_back(*upload);
    }
    return uploads;
}

std::vector<mime::AttachedFile> files_of(store::Connection& c, Caller const& caller, Members const& members,
                                         std::string_view html)
{
    std::vector<mime::AttachedFile> files;
    for (auto const& upload : uploads_of(c, caller, members)) {
        mime::AttachedFile file{.name = upload.name, .type = upload.type, .bytes = store::read_upload(c, upload)};
        if (html.find("cid:" + to_string(upload.id)) != std::string_view::npos) file.content_id = to_string(upload.id);
        files.push_back(std::move(file));
    }
    return files;
}

void forget_uploads(store::Connection& c, Caller const& caller, Members const& members)
{
    for (auto const& id : uploads_in(members))
        if (store::upload(c, id, caller.name)) store::remove_upload(c, id);
}

Duration undo_delay(store::Connection& c)
{
    auto const text = store::setting(c, "undo-delay");
    std::int64_t number = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return Duration(0);
    std::string_view const unit(stop, text.data() + text.size());
    if (unit.starts_with("ms")) return Duration(number);
    if (unit.starts_with("m")) return std::chrono::minutes(number);
    if (unit.starts_with("h")) return std::chrono::hours(number);
    return std::chrono::seconds(number);
}

}  // namespace postroom::console
