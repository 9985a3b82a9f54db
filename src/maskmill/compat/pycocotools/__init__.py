"""pycocotools, over maskmill: `mask`, `coco` and `cocoeval`, with its names and its numbers.

docs/compatibility.md lists the differences: mostly errors where pycocotools hangs or crashes.
"""
