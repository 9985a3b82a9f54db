// The only file that compiles kernels for the host: the race mode instruments it and nothing else.
#include "kernels.h"

#include <cstring>
#include <string>
#include <unordered_map>

#include "kernels/all.cuh"

namespace maskmill::simt {
namespace {

using Bind = std::function<std::function<void()>(const void*)>;

template <class Args>
std::pair<const std::string, Bind> entry(void (*kernel)(Args)) {
  return {Args::kKernel, [kernel](const void* args) {
            Args own;
            std::memcpy(&own, args, sizeof own);
            return [kernel, own] { kernel(own); };
          }};
}

}  // namespace

std::function<void()> find_kernel(const char* name, const void* args) {
  static const std::unordered_map<std::string, Bind> kernels{
      entry(maskmill_area),
      entry(maskmill_bbox),
      entry(maskmill_check_chars),
      entry(maskmill_clip_counts),
      entry(maskmill_combine_count),
      entry(maskmill_combine_offsets),
      entry(maskmill_combine_write),
      entry(maskmill_complement_count),
      entry(maskmill_complement_write),
      entry(maskmill_count_changes),
      entry(maskmill_count_chars),
      entry(maskmill_count_digits),
      entry(maskmill_count_flips),
      entry(maskmill_count_heads),
      entry(maskmill_count_map_tiles),
      entry(maskmill_count_marks),
      entry(maskmill_count_numbers),
      entry(maskmill_count_runs),
      entry(maskmill_decode_rows),
      entry(maskmill_decode_strided),
      entry(maskmill_label_map),
      entry(maskmill_make_keys),
      entry(maskmill_mark_runs),
      entry(maskmill_merge_count),
      entry(maskmill_merge_finish),
      entry(maskmill_merge_groups),
      entry(maskmill_merge_rounds),
      entry(maskmill_merge_write),
      entry(maskmill_overlap_mma),
      entry(maskmill_overlap_popcount),
      entry(maskmill_pack),
      entry(maskmill_pack_columns),
      entry(maskmill_pack_rows),
      entry(maskmill_pack_strided),
      entry(maskmill_pair_counts),
      entry(maskmill_pair_finish),
      entry(maskmill_pair_summary),
      entry(maskmill_pair_walk),
      entry(maskmill_raster_boxes),
      entry(maskmill_raster_items),
      entry(maskmill_raster_offsets),
      entry(maskmill_raster_owners),
      entry(maskmill_rasterize_center),
      entry(maskmill_rasterize_coco),
      entry(maskmill_read_numbers),
      entry(maskmill_scan),
      entry(maskmill_scatter_digits),
      entry(maskmill_span_lengths),
      entry(maskmill_to_counts),
      entry(maskmill_to_strings),
      entry(maskmill_undo_differences),
      entry(maskmill_write_changes),
      entry(maskmill_write_flips),
      entry(maskmill_write_masks),
      entry(maskmill_write_runs),
  };
  return kernels.at(name)(args);
}

}  // namespace maskmill::simt
