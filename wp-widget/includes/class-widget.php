<?php
/**
 * The chat on a page: a shortcode and a block with one renderer, or floating on every page.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Nothing in the page is secret or tied to a visitor, so that it may lie in any cache.
 */
final class Widget {

	private const HANDLE = 'handrail-widget';
	private const WORDS  = array( 'title', 'greeting', 'suggestions' );

	/**
	 * What the first shortcode or block on this page says differently.
	 *
	 * @var array<string, string>
	 */
	private static array $words = array();

	/** Join in. */
	public static function hook(): void {
		add_action( 'init', array( self::class, 'register' ) );
		add_action( 'wp_enqueue_scripts', array( self::class, 'float' ) );
		add_filter( 'script_loader_tag', array( self::class, 'add_attributes' ), 10, 2 );
	}

	/** Shortcode, block, script. */
	public static function register(): void {
		add_shortcode( 'ai_chat', array( self::class, 'shortcode' ) );
		register_block_type(
			dirname( __DIR__ ) . '/block',
			array(
				'title'           => __( 'Support chat', 'handrail' ),
				'description'     => __( 'A button that opens the support chat.', 'handrail' ),
				'render_callback' => array( self::class, 'block' ),
			)
		);
		wp_set_script_translations( 'handrail-chat-editor-script', 'handrail', dirname( __DIR__ ) . '/languages' );
		$options = array( 'strategy' => 'defer', 'in_footer' => true );
		wp_register_script( self::HANDLE, plugins_url( self::folder() . '/widget.js', FILE ), array(), VERSION, $options );
	}

	/** On every page, if the site wants that. */
	public static function float(): void {
		/**
		 * Filters whether the chat floats on this page.
		 *
		 * @param bool $is_wanted As the settings say.
		 */
		if ( apply_filters( 'handrail_float', (bool) Settings::get( 'floating' ) ) && self::is_ready() ) {
			wp_enqueue_script( self::HANDLE );
		}
	}

	/**
	 * [ai_chat label="…" title="…" greeting="…" suggestions="…|…"].
	 *
	 * @param array<string, string>|string $said Its attributes.
	 */
	public static function shortcode( $said ): string {
		$attributes = shortcode_atts( array_fill_keys( array( 'label', ...self::WORDS ), '' ), is_array( $said ) ? $said : array(), 'ai_chat' );
		return self::render( $attributes, 'class="handrail-chat"' );
	}

	/**
	 * The block.
	 *
	 * @param array<string, mixed> $attributes As in block.json.
	 */
	public static function block( array $attributes ): string {
		return self::render( $attributes, get_block_wrapper_attributes( array( 'class' => 'handrail-chat' ) ) );
	}

	/**
	 * A button that opens the chat; without the settings, nothing, or a word to whoever can change them.
	 *
	 * @param array<string, mixed> $attributes label, title, greeting, suggestions.
	 * @param string               $wrapper    The wrapper's HTML attributes, escaped.
	 */
	private static function render( array $attributes, string $wrapper ): string {
		if ( ! self::is_ready() ) {
			return current_user_can( 'manage_options' )
				? '<p>' . esc_html__( 'The chat is shown when Settings → Handrail is filled in.', 'handrail' ) . '</p>'
				: '';
		}
		$texts        = array_filter( array_map( 'strval', array_intersect_key( $attributes, array_flip( self::WORDS ) ) ) );
		self::$words += $texts;
		wp_enqueue_script( self::HANDLE );
		$label = '' !== (string) ( $attributes['label'] ?? '' ) ? (string) $attributes['label'] : __( 'Chat with us', 'handrail' );
		return '<div ' . $wrapper . '><button type="button" class="wp-element-button" data-handrail-open>' . esc_html( $label ) . '</button></div>';
	}

	/**
	 * The settings, as attributes of the one script tag.
	 *
	 * @param string $tag    The tag.
	 * @param string $handle Whose.
	 */
	public static function add_attributes( string $tag, string $handle ): string {
		if ( self::HANDLE !== $handle ) {
			return $tag;
		}
		$parts = new \WP_HTML_Tag_Processor( $tag );
		if ( $parts->next_tag( 'script' ) ) {
			foreach ( self::attributes() as $name => $value ) {
				if ( '' !== $value ) {
					$parts->set_attribute( "data-$name", $value );
				}
			}
		}
		return $parts->get_updated_html();
	}

	/**
	 * Name → value. The addresses are public, and the same for everybody.
	 *
	 * @return array<string, string>
	 */
	private static function attributes(): array {
		$said        = static fn( string $name ): string => self::$words[ $name ] ?? (string) Settings::get( $name );
		$privacy     = Settings::get( 'privacy_url' );
		$suggestions = implode( '|', array_map( 'trim', explode( "\n", $said( 'suggestions' ) ) ) );
		/**
		 * Filters the widget's attributes; see the table in its README.
		 *
		 * @param array<string, string> $attributes Name without "data-" → value.
		 */
		return (array) apply_filters(
			'handrail_widget_attributes',
			array(
				'site-id'     => Settings::get( 'site_id' ),
				'api'         => Settings::get( 'backend' ),
				'title'       => $said( 'title' ),
				'greeting'    => $said( 'greeting' ),
				'suggestions' => $suggestions,
				'theme'       => Settings::get( 'theme' ),
				'privacy-url' => '' !== $privacy ? $privacy : get_privacy_policy_url(),
				'identity'    => '' !== Settings::secret( 'identity' ) ? rest_url( Routes::SPACE . '/identity' ) : '',
			)
		);
	}

	/** Whether there is a backend to talk to. */
	private static function is_ready(): bool {
		return '' !== Settings::get( 'backend' ) && '' !== Settings::get( 'site_id' );
	}

	/**
	 * Where its files are: the built plugin has them in a folder with the version, so that no cache mixes two.
	 */
	private static function folder(): string {
		$versioned = 'assets/' . VERSION;
		return is_dir( dirname( __DIR__ ) . "/$versioned" ) ? $versioned : 'assets';
	}
}
