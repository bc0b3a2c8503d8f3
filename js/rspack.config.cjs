// Names by nature instead of by hash of the path: two builds of one commit are the same bytes.
module.exports = { optimization: { moduleIds: "natural", chunkIds: "natural" } };
