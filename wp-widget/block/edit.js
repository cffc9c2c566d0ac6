/* The block in the editor: its button, and its words in the sidebar. No build: this is what the browser runs. */
(({ blocks, blockEditor, components, element, i18n }) => {
  const { createElement: el } = element;
  const { __ } = i18n;
  // In the order in which they are shown. To add one: name it here and in block.json.
  const fields = [
    ["label", __("Button", "handrail"), __("Chat with us", "handrail")],
    ["title", __("Title of the chat", "handrail"), ""],
    ["greeting", __("First line", "handrail"), ""],
    ["suggestions", __("Suggested questions, divided by |", "handrail"), ""],
  ];

  function Edit({ attributes, setAttributes }) {
    const field = ([name, label, placeholder]) => el(components.TextControl, {
      key: name,
      label,
      placeholder,
      value: attributes[name],
      onChange: (value) => setAttributes({ [name]: value }),
      __nextHasNoMarginBottom: true,
      __next40pxDefaultSize: true,
    });
    return el("div", blockEditor.useBlockProps({ className: "handrail-chat" }),
      el(blockEditor.InspectorControls, {}, el(components.PanelBody, { title: __("Words", "handrail") }, fields.map(field))),
      el("span", { className: "wp-element-button" }, attributes.label || __("Chat with us", "handrail")));
  }

  blocks.registerBlockType("handrail/chat", { edit: Edit });
})(window.wp);
