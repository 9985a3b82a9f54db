// Every kernel: what is compiled for a device.
#pragma once

#include "kernels/combine.cuh"
#include "kernels/decode.cuh"
#include "kernels/encode.cuh"
#include "kernels/from_counts.cuh"
#include "kernels/from_label_map.cuh"
#include "kernels/from_strings.cuh"
#include "kernels/iou.cuh"
#include "kernels/label_map.cuh"
#include "kernels/measure.cuh"
#include "kernels/raster_items.cuh"
#include "kernels/rasterize.cuh"
#include "kernels/scan.cuh"
#include "kernels/sort.cuh"
#include "kernels/strings.cuh"
